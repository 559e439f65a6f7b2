import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { get, post, put } from '../../api/client';
import { Problem } from '../../api/problem';
import { softphone } from '../../app';
import { KEYS } from '../../live/cache';
import { Button, Field, Notice } from '../../ui/controls';
import { useWords } from '../../words/words';

/** The form, on a page of its own or above a page whose session ended. */
export function SignInForm({ again }: { again?: { email: string } }) {
  const words = useWords();
  const cache = useQueryClient();
  const [email, setEmail] = useState(again?.email ?? '');
  const [password, setPassword] = useState('');
  // Whether there are made-up users; nothing depends on it.
  const desk = useQuery({ queryKey: ['healthz'], queryFn: () => get('/healthz'), staleTime: Infinity, enabled: !again });
  const signIn = useMutation({
    mutationFn: () => post('/api/session', { email: email.trim(), password }),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEYS.me }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    softphone.speaker.unlock();
    if (!signIn.isPending) signIn.mutate();
  };
  const { error } = signIn;
  const said = !(error instanceof Problem) ? null
    : error.status === 401 ? words.signIn.wrong
    : error.status === 429 ? words.signIn.slow(error.retryAfterSec ?? 60)
    : error.status === 0 ? words.signIn.unreachable
    : error.body.message || words.problem.title;
  return (
    <form onSubmit={submit} noValidate>
      {!again && <img src="/logo.svg" alt="" />}
      <h1>{again ? words.signIn.again : words.signIn.title}</h1>
      {again && <p className="muted">{words.signIn.againWhy}</p>}
      {said && <Notice tone="bad">{said}</Notice>}
      <Field label={words.signIn.email}>
        {(ids) => <input {...ids} type="email" autoComplete="username" value={email} onChange={(e) => setEmail(e.target.value)} required autoFocus={!again} readOnly={Boolean(again)} />}
      </Field>
      <Field label={words.signIn.password}>
        {(ids) => <input {...ids} type="password" autoComplete="current-password" value={password} onChange={(e) => setPassword(e.target.value)} required autoFocus={Boolean(again)} />}
      </Field>
      <Button type="submit" tone="primary">{signIn.isPending ? words.signIn.working : words.signIn.submit}</Button>
      {!again && <p className="muted small demo">{desk.data?.demo ? words.signIn.demo : '\u00a0'}</p>}
    </form>
  );
}

/** The first password was made by someone else: another one before anything. */
export function FirstPassword({ email }: { email: string }) {
  const words = useWords();
  return (
    <div className="sign-in">
      <PasswordForm email={email} title={words.password.title} why={words.password.why} />
    </div>
  );
}

export function PasswordForm({ email, title, why, onDone }: { email: string; title: string; why?: string; onDone?: () => void }) {
  const words = useWords();
  const cache = useQueryClient();
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [again, setAgain] = useState('');
  const differ = again !== '' && again !== fresh;
  const change = useMutation({
    mutationFn: () => put('/api/me/password', { current: old, new: fresh }),
    onSuccess: async () => { await cache.invalidateQueries({ queryKey: KEYS.me }); onDone?.(); },
  });
  const { error } = change;
  const problem = error instanceof Problem ? error : null;
  return (
    <form className="form" onSubmit={(event) => { event.preventDefault(); if (!differ && again !== '' && !change.isPending) change.mutate(); }}>
      <h1>{title}</h1>
      {why && <p className="muted">{why}</p>}
      {problem && <Notice tone="bad">{problem.body.message || words.problem.title}</Notice>}
      <input type="email" autoComplete="username" value={email} readOnly hidden />
      <Field label={words.password.old} wrong={problem?.field('current') ?? null}>{(ids) => <input {...ids} type="password" autoComplete="current-password" value={old} onChange={(e) => setOld(e.target.value)} required />}</Field>
      <Field label={words.password.fresh} hint={words.password.rule} wrong={problem?.field('new') ?? null}>{(ids) => <input {...ids} type="password" autoComplete="new-password" value={fresh} onChange={(e) => setFresh(e.target.value)} required />}</Field>
      <Field label={words.password.repeat} wrong={differ ? words.password.differ : null}>{(ids) => <input {...ids} type="password" autoComplete="new-password" value={again} onChange={(e) => setAgain(e.target.value)} required />}</Field>
      <Button type="submit" tone="primary">{words.password.submit}</Button>
    </form>
  );
}
