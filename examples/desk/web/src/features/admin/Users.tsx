import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { at, get, patch, post, remove } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Role, User } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useMe } from '../../state';
import { Dialog } from '../../ui/Dialog';
import { Menu } from '../../ui/Menu';
import { Button, Chip, Field, Notice } from '../../ui/controls';
import { toast, toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';
import { LinkForm, useLinks } from './Links';
import { Listed, Wrong, useWaits } from './Listed';

export const ROLES = ['agent', 'supervisor', 'administrator'] as const satisfies readonly Role[];
export const useUsers = () => useQuery({ queryKey: KEYS.users, queryFn: () => get('/api/admin/users') });

/** People, and the agent that each of them is at the service. */
export function Users() {
  const words = useWords();
  const { data: me } = useMe();
  const users = useUsers();
  const links = useLinks();
  const cache = useQueryClient();
  const [linking, setLinking] = useState<User | null>(null);
  const [resetting, setResetting] = useState<User | null>(null);
  const again = () => cache.invalidateQueries({ queryKey: KEYS.users });
  const change = useMutation({
    mutationFn: ({ id, ...what }: { id: string; disabled?: boolean; role?: Role }) => patch(at('/api/admin/users/{id}', { id }), what),
    onSuccess: again, onError: (problem) => toastProblem(problem, words),
  });
  const end = useMutation({
    mutationFn: (id: string) => remove(at('/api/admin/users/{id}/sessions', { id })),
    onSuccess: () => toast('good', words.admin.sessionsEnded), onError: (problem) => toastProblem(problem, words),
  });
  const waits = useWaits();
  const link = (user: User) => links.data?.find((one) => one.user === user.id) ?? null;
  return (
    <>
      <Listed title={words.admin.users} query={users} empty={words.admin.noUsers} isEmpty={(list) => list.length === 0} below={<AddUser onAdded={again} />}>
        {(list) => (
          <table>
            <thead><tr><th>{words.admin.email}</th><th>{words.admin.name}</th><th>{words.admin.role}</th><th>{words.admin.agent}</th><th>{words.admin.extension}</th><th><span className="only-read">{words.more}</span></th></tr></thead>
            <tbody>
              {list.map((user) => {
                const own = user.id === me?.id ? words.admin.yourself : null;
                return (
                  <tr key={user.id}>
                    <td className={user.disabled ? 'off' : ''}>{user.email}</td>
                    <td>{user.name}{user.disabled && <> <Chip>{words.admin.disabled}</Chip></>}{!user.hasPassword && <> <Chip tone="warning">{words.admin.noPassword}</Chip></>}{user.mustChangePassword && user.hasPassword && <> <Chip>{words.admin.firstPassword}</Chip></>}</td>
                    <td>{words.admin.roles[user.role] ?? user.role}</td>
                    <td>{user.agent ?? ''}</td>
                    <td className="number">{link(user)?.extension ?? ''}</td>
                    <td className="numeric"><Menu trigger={<Button small aria-label={words.admin.change(user.email)}>{words.admin.changeShort}</Button>} entries={[
                      { key: 'link', label: words.admin.link, blocked: links.isSuccess ? null : words.loading, onSelect: () => setLinking(user) },
                      { key: 'password', label: words.admin.newPassword, blocked: waits ?? own, onSelect: () => setResetting(user) },
                      { key: 'sessions', label: words.admin.endSessions, blocked: waits, onSelect: () => end.mutate(user.id) },
                      { key: 'line', line: true },
                      { key: 'caption', caption: words.admin.role },
                      ...ROLES.filter((role) => role !== user.role).map((role) => ({ key: role, label: words.admin.roles[role] ?? role, blocked: waits ?? own, onSelect: () => change.mutate({ id: user.id, role }) })),
                      { key: 'line2', line: true },
                      { key: 'off', label: user.disabled ? words.admin.enable : words.admin.disable, blocked: waits ?? own, onSelect: () => change.mutate({ id: user.id, disabled: !user.disabled }) },
                    ]} /></td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Listed>
      {linking && <LinkForm user={linking} link={link(linking)} onClose={() => setLinking(null)} />}
      {resetting && <NewPassword user={resetting} onClose={() => setResetting(null)} />}
    </>
  );
}

const NOBODY = { email: '', name: '', role: 'agent' as Role, password: '' };

function AddUser({ onAdded }: { onAdded: () => Promise<void> }) {
  const words = useWords();
  const [form, setForm] = useState(NOBODY);
  const add = useMutation({
    mutationFn: () => post('/api/admin/users', { ...form, password: form.password || null }),
    onSuccess: async () => { setForm(NOBODY); await onAdded(); },
  });
  const waits = useWaits(add.isPending);
  const wrong = (field: string) => add.error instanceof Problem ? add.error.field(field) : null;
  return (
    <form className="form" aria-label={words.admin.addUser} onSubmit={(event) => { event.preventDefault(); if (waits === null) add.mutate(); }}>
      <Field label={words.admin.email} wrong={wrong('email')}>{(ids) => <input {...ids} type="email" autoComplete="off" required value={form.email} onChange={(e) => setForm({ ...form, email: e.target.value })} />}</Field>
      <Field label={words.admin.name} wrong={wrong('name')}>{(ids) => <input {...ids} autoComplete="off" value={form.name} onChange={(e) => setForm({ ...form, name: e.target.value })} />}</Field>
      <Field label={words.admin.role} wrong={wrong('role')}>{(ids) => <select {...ids} value={form.role} onChange={(e) => setForm({ ...form, role: e.target.value as Role })}>{ROLES.map((role) => <option key={role} value={role}>{words.admin.roles[role]}</option>)}</select>}</Field>
      <Field label={words.admin.password} wrong={wrong('password')}>{(ids) => <input {...ids} type="password" autoComplete="new-password" value={form.password} onChange={(e) => setForm({ ...form, password: e.target.value })} />}</Field>
      <Button type="submit" tone="primary" blocked={waits}>{words.admin.addUser}</Button>
      <Wrong error={add.error} />
    </form>
  );
}

/** A password that is made up: shown once, and changed by its owner at the first sign-in. */
function NewPassword({ user, onClose }: { user: User; onClose: () => void }) {
  const words = useWords();
  const cache = useQueryClient();
  const make = useMutation({
    mutationFn: () => post(at('/api/admin/users/{id}/password', { id: user.id }), {}),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEYS.users }),
  });
  const waits = useWaits(make.isPending);
  const made = make.data?.password ?? null;
  return (
    <Dialog open title={words.admin.newPassword} onClose={onClose} footer={made === null ? <>
      <Button onClick={onClose}>{words.cancel}</Button>
      <Button tone="primary" blocked={waits} onClick={() => make.mutate()}>{words.admin.newPassword}</Button>
    </> : <Button tone="primary" onClick={onClose}>{words.close}</Button>}>
      {made === null ? <p>{words.admin.newPasswordWhy(user.email)}</p> : <Notice tone="good"><p>{words.admin.tokenOnce}</p><p><code>{made}</code></p></Notice>}
      <Wrong error={make.error} />
    </Dialog>
  );
}
