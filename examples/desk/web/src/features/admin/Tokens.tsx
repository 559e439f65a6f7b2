import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { at, get, post, remove } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Role, Token } from '../../api/types';
import { KEYS } from '../../live/cache';
import { Dialog } from '../../ui/Dialog';
import { Button, Chip, Field, Notice } from '../../ui/controls';
import { dateAndTime } from '../../words/time';
import { useWords } from '../../words/words';
import { Listed, Wrong, useWaits } from './Listed';

const ROLES = ['agent', 'supervisor', 'administrator', 'service'] as const satisfies readonly Role[];
const NONE = { name: '', role: 'service' as Role, agents: '', days: '' };

/** Keys for programs. A token is shown once, when it is made. */
export function Tokens() {
  const words = useWords();
  const cache = useQueryClient();
  const [form, setForm] = useState(NONE);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const tokens = useQuery({ queryKey: KEYS.tokens, queryFn: () => get('/api/admin/tokens') });
  const again = () => cache.invalidateQueries({ queryKey: KEYS.tokens });
  const make = useMutation({
    mutationFn: () => post('/api/admin/tokens', { name: form.name.trim(), role: form.role, agents: form.agents.split(/[\s,]+/).filter(Boolean), days: form.days === '' ? null : Number(form.days) }),
    onSuccess: async () => { setForm(NONE); await again(); },
  });
  const revoke = useMutation({ mutationFn: (id: string) => remove(at('/api/admin/tokens/{id}', { id })), onSuccess: async () => { setRevoking(null); await again(); } });
  const [makes, revokes] = [useWaits(make.isPending), useWaits(revoke.isPending)];
  const wrong = (field: string) => make.error instanceof Problem ? make.error.field(field) : null;
  return (
    <>
      {make.data && <Notice tone="good"><p>{words.admin.tokenOnce}</p><p><code>{make.data.token}</code></p></Notice>}
      <Listed title={words.admin.tokens} query={tokens} empty={words.admin.noTokens} isEmpty={(list) => list.length === 0} below={
        <form className="form" aria-label={words.admin.addToken} onSubmit={(event) => { event.preventDefault(); if (makes === null) make.mutate(); }}>
          <Field label={words.admin.tokenFor} wrong={wrong('name')}>{(ids) => <input {...ids} required value={form.name} onChange={(e) => setForm({ ...form, name: e.target.value })} />}</Field>
          <Field label={words.admin.role} wrong={wrong('role')}>{(ids) => <select {...ids} value={form.role} onChange={(e) => setForm({ ...form, role: e.target.value as Role })}>{ROLES.map((role) => <option key={role} value={role}>{words.admin.roles[role]}</option>)}</select>}</Field>
          <Field label={words.admin.agents} hint={words.admin.tokenAgents} wrong={wrong('agents')}>{(ids) => <input {...ids} autoComplete="off" value={form.agents} onChange={(e) => setForm({ ...form, agents: e.target.value })} />}</Field>
          <Field label={words.admin.days} hint={words.admin.daysWhy} wrong={wrong('days')}>{(ids) => <input {...ids} type="number" min={1} value={form.days} onChange={(e) => setForm({ ...form, days: e.target.value })} />}</Field>
          <Button type="submit" tone="primary" blocked={makes}>{words.admin.addToken}</Button>
          <Wrong error={make.error} />
        </form>
      }>
        {(list) => (
          <table>
            <thead><tr><th>{words.admin.tokenFor}</th><th>{words.admin.role}</th><th>{words.admin.agents}</th><th>{words.admin.made}</th><th>{words.admin.lastUsed}</th><th>{words.admin.ends}</th><th><span className="only-read">{words.more}</span></th></tr></thead>
            <tbody>
              {list.map((token) => (
                <tr key={token.id}>
                  <td>{token.name}</td><td>{words.admin.roles[token.role] ?? token.role}</td><td>{token.agents.join(', ')}</td><td>{dateAndTime(token.madeAt)}</td>
                  <td>{token.seenAt === null ? <span className="muted">{words.admin.never}</span> : dateAndTime(token.seenAt)}</td>
                  <td>{token.endsAt === null ? '' : token.endsAt < Date.now() ? <Chip tone="warning">{words.admin.ended}</Chip> : dateAndTime(token.endsAt)}</td>
                  <td className="numeric"><Button small aria-label={`${words.admin.revoke}: ${token.name}`} blocked={revokes} onClick={() => setRevoking(token)}>{words.admin.revoke}</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Listed>
      {revoking && (
        <Dialog open title={words.admin.revoke} onClose={() => setRevoking(null)} footer={<><Button onClick={() => setRevoking(null)}>{words.cancel}</Button><Button tone="bad" blocked={revokes} onClick={() => revoke.mutate(revoking.id)}>{words.admin.revoke}</Button></>}>
          <p>{words.admin.revokeWhy(revoking.name)}</p>
          <Wrong error={revoke.error} />
        </Dialog>
      )}
    </>
  );
}
