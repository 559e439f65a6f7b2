import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/client';
import { Problem } from '../../api/problem';
import { Button, Field, Notice } from '../../ui/controls';
import { useWords } from '../../words/words';

/** The secret of the link, which does not stay in the address. */
const link = location.hash.slice(1);
if (link !== '') history.replaceState(null, '', location.pathname);

/** The first administrator, by the link that the desk printed when it started. */
export default function SetUp() {
  const words = useWords();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const make = useMutation({ mutationFn: () => post('/api/setup', { link, email: email.trim(), name: name.trim(), password }), onSuccess: () => location.assign('/') });
  const problem = make.error instanceof Problem ? make.error : null;
  const named = problem ? ['email', 'name', 'password'].some((field) => problem.field(field) !== null) : false;
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); if (!make.isPending) make.mutate(); }}>
      <img src="/logo.svg" alt="" />
      <h1>{words.setUp.title}</h1>
      <p className="muted">{words.setUp.why}</p>
      {problem && !named && <Notice tone="bad">{problem.body.message || words.problem.title}</Notice>}
      <Field label={words.signIn.email} wrong={problem?.field('email') ?? null}>{(ids) => <input {...ids} type="email" autoComplete="username" value={email} onChange={(e) => setEmail(e.target.value)} required autoFocus />}</Field>
      <Field label={words.admin.name} wrong={problem?.field('name') ?? null}>{(ids) => <input {...ids} autoComplete="name" value={name} onChange={(e) => setName(e.target.value)} />}</Field>
      <Field label={words.signIn.password} hint={words.password.rule} wrong={problem?.field('password') ?? null}>{(ids) => <input {...ids} type="password" autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} required />}</Field>
      <Button type="submit" tone="primary" blocked={make.isPending ? words.loading : null}>{words.setUp.submit}</Button>
    </form>
  );
}
