import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { at, get, put, remove } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Link, NewLink, User } from '../../api/types';
import { KEYS } from '../../live/cache';
import { Dialog } from '../../ui/Dialog';
import { Button, Field } from '../../ui/controls';
import { useWords } from '../../words/words';
import { Wrong, useWaits } from './Listed';

export const useLinks = () => useQuery({ queryKey: KEYS.links, queryFn: () => get('/api/admin/links') });

type Text = 'agent' | 'extension' | 'phoneName' | 'uniqueId' | 'campaignId';
const TEXTS: readonly Text[] = ['agent', 'extension', 'phoneName', 'uniqueId', 'campaignId'];

/** Which agent of the service a user is. Passwords go in and are never shown. */
export function LinkForm({ user, link, onClose }: { user: User; link: Link | null; onClose: () => void }) {
  const words = useWords();
  const cache = useQueryClient();
  const [texts, setTexts] = useState<Record<Text, string>>({ agent: link?.agent ?? '', extension: link?.extension ?? '', phoneName: link?.phoneName ?? '', uniqueId: link?.uniqueId ?? '', campaignId: link?.campaignId ?? '' });
  const [autoAnswer, setAutoAnswer] = useState(link?.autoAnswer?.toString() ?? '');
  const [dialWay, setDialWay] = useState(link?.dialWay ?? '');
  const [password, setPassword] = useState('');
  const [sipPassword, setSipPassword] = useState('');
  const done = async () => {
    await Promise.all([cache.invalidateQueries({ queryKey: KEYS.links }), cache.invalidateQueries({ queryKey: KEYS.users })]);
    onClose();
  };
  const save = useMutation({
    mutationFn: () => {
      const body: NewLink = { agent: texts.agent.trim(), autoAnswer: autoAnswer === '' ? null : Number(autoAnswer), dialWay: dialWay || null };
      for (const key of TEXTS) if (key !== 'agent') body[key] = texts[key].trim() || null;
      // What is left empty stays as it is kept.
      if (password) body.password = password;
      if (sipPassword) body.sipPassword = sipPassword;
      return put(at('/api/admin/links/{user}', { user: user.id }), body);
    },
    onSuccess: done,
  });
  const drop = useMutation({ mutationFn: () => remove(at('/api/admin/links/{user}', { user: user.id })), onSuccess: done });
  const wrong = (field: string) => save.error instanceof Problem ? save.error.field(field) : null;
  const waits = useWaits(save.isPending || drop.isPending);
  const secret = (kept: boolean | undefined) => kept ? words.admin.kept : words.admin.notKept;
  return (
    <Dialog open title={words.admin.linkOf(user.email)} onClose={onClose} footer={<>
      {link && <Button blocked={waits} onClick={() => drop.mutate()}>{words.admin.unlink}</Button>}
      <span className="end" />
      <Button onClick={onClose}>{words.cancel}</Button>
      <Button tone="primary" blocked={waits ?? (texts.agent.trim() === '' ? words.admin.agentNeeded : null)} onClick={() => save.mutate()}>{words.save}</Button>
    </>}>
      <div className="fields">
      {TEXTS.map((key) => (
        <Field key={key} label={words.admin.fields[key] ?? key} hint={words.admin.hints[key] ?? ''} wrong={wrong(key)}>
          {(ids) => <input {...ids} autoComplete="off" value={texts[key]} onChange={(event) => setTexts({ ...texts, [key]: event.target.value })} />}
        </Field>
      ))}
      <Field label={words.admin.autoAnswer} wrong={wrong('autoAnswer')}>
        {(ids) => (
          <select {...ids} value={autoAnswer} onChange={(event) => setAutoAnswer(event.target.value)}>
            <option value="">{words.worklist.defaultChoice}</option>
            {words.admin.autoAnswers.map((label, value) => <option key={label} value={value}>{label}</option>)}
          </select>
        )}
      </Field>
      <Field label={words.admin.dialWay} wrong={wrong('dialWay')}>
        {(ids) => (
          <select {...ids} value={dialWay} onChange={(event) => setDialWay(event.target.value)}>
            <option value="">{words.worklist.defaultChoice}</option>
            {(['agent', 'socket', 'kookoo'] as const).map((way) => <option key={way} value={way}>{words.admin.dialWays[way]}</option>)}
          </select>
        )}
      </Field>
      <Field label={words.admin.agentPassword} hint={secret(link?.hasPassword)} wrong={wrong('password')}>{(ids) => <input {...ids} type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}</Field>
      <Field label={words.admin.sipPassword} hint={secret(link?.hasSipPassword)} wrong={wrong('sipPassword')}>{(ids) => <input {...ids} type="password" autoComplete="new-password" value={sipPassword} onChange={(event) => setSipPassword(event.target.value)} />}</Field>
      </div>
      <Wrong error={save.error ?? drop.error} />
    </Dialog>
  );
}
