import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { get, patch, post, put, remove } from '../../api/client';
import type { Role } from '../../api/types';
import { Button, Chip, Field, Notice } from '../../ui/controls';
import { sentence, toastProblem } from '../../ui/toasts';
import { dateAndTime } from '../../words/time';
import { useWords } from '../../words/words';

interface User { id: string; email: string; name: string; role: Role; agent: string | null; disabled: boolean }
interface Token { id: string; name: string; role: Role; agents: string[]; madeAt: number }
interface AuditRow { id: string; at: number; who: string; action: string; target: string; result: string }

export default function Admin() {
  const words = useWords();
  return (
    <div className="page">
      <h1>{words.admin.title}</h1>
      <Users />
      <Tokens />
      <Audit />
    </div>
  );
}

function Section({ title, failed, children }: { title: string; failed: boolean; children: ReactNode }) {
  const words = useWords();
  return <section className="card" style={{ overflowX: 'auto' }} aria-label={title}><header><h2>{title}</h2></header>{failed ? <div className="body"><Notice tone="bad">{words.problem.title}</Notice></div> : children}</section>;
}

function Users() {
  const words = useWords();
  const cache = useQueryClient();
  const users = useQuery({ queryKey: ['users'], queryFn: ({ signal }) => get<User[]>('/api/admin/users', { signal }) });
  const [form, setForm] = useState({ email: '', name: '', role: 'agent' as Role, agent: '', password: '' });
  const again = () => cache.invalidateQueries({ queryKey: ['users'] });
  const add = useMutation({ mutationFn: async () => {
      const { agent, ...user } = form;
      const { id } = await post<User>('/api/admin/users', user);
      if (agent) await put(`/api/admin/links/${encodeURIComponent(id)}`, { agent });
    }, onSuccess: async () => { setForm({ email: '', name: '', role: 'agent', agent: '', password: '' }); await again(); } });
  const change = useMutation({ mutationFn: ({ id, disabled }: { id: string; disabled: boolean }) => patch(`/api/admin/users/${encodeURIComponent(id)}`, { disabled }), onSuccess: again, onError: (problem) => toastProblem(problem, words) });
  return (
    <Section title={words.admin.users} failed={users.isError}>
      <table>
        <thead><tr><th>{words.admin.email}</th><th>{words.admin.name}</th><th>{words.admin.role}</th><th>{words.admin.agent}</th><th /></tr></thead>
        <tbody>{users.data?.map((user) => <tr key={user.id}><td>{user.email}</td><td>{user.name}</td><td>{words.admin.roles[user.role] ?? user.role}</td><td>{user.agent ?? ''}</td><td className="numeric">{user.disabled && <Chip>{words.admin.disabled}</Chip>} <Button small onClick={() => change.mutate({ id: user.id, disabled: !user.disabled })}>{user.disabled ? words.admin.enable : words.admin.disable}</Button></td></tr>)}</tbody>
      </table>
      <form className="body row" style={{ alignItems: 'flex-end' }} onSubmit={(event) => { event.preventDefault(); if (!add.isPending) add.mutate(); }}>
        <Field label={words.admin.email}>{(ids) => <input {...ids} type="email" required value={form.email} onChange={(e) => setForm({ ...form, email: e.target.value })} />}</Field>
        <Field label={words.admin.name}>{(ids) => <input {...ids} value={form.name} onChange={(e) => setForm({ ...form, name: e.target.value })} />}</Field>
        <Field label={words.admin.role}>{(ids) => <select {...ids} value={form.role} onChange={(e) => setForm({ ...form, role: e.target.value as Role })}>{(['agent', 'supervisor', 'administrator'] as const).map((role) => <option key={role} value={role}>{words.admin.roles[role]}</option>)}</select>}</Field>
        <Field label={words.admin.agent}>{(ids) => <input {...ids} value={form.agent} onChange={(e) => setForm({ ...form, agent: e.target.value })} />}</Field>
        <Field label={words.admin.password}>{(ids) => <input {...ids} type="password" autoComplete="new-password" required value={form.password} onChange={(e) => setForm({ ...form, password: e.target.value })} />}</Field>
        <Button type="submit" tone="primary">{words.admin.add}</Button>
      </form>
      {add.error && <div className="body"><Notice tone="bad">{sentence(add.error, words).title}</Notice></div>}
    </Section>
  );
}

function Tokens() {
  const words = useWords();
  const cache = useQueryClient();
  const tokens = useQuery({ queryKey: ['tokens'], queryFn: ({ signal }) => get<Token[]>('/api/admin/tokens', { signal }) });
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('agent');
  const [agents, setAgents] = useState('');
  const again = () => cache.invalidateQueries({ queryKey: ['tokens'] });
  const make = useMutation({ mutationFn: () => post<{ token: string }>('/api/admin/tokens', { name, role, agents: agents.split(/[\s,]+/).filter(Boolean) }), onSuccess: again });
  const revoke = useMutation({ mutationFn: (id: string) => remove(`/api/admin/tokens/${encodeURIComponent(id)}`), onSuccess: again, onError: (problem) => toastProblem(problem, words) });
  return (
    <Section title={words.admin.tokens} failed={tokens.isError}>
      <table><tbody>{tokens.data?.map((token) => <tr key={token.id}><td>{token.name}</td><td>{words.admin.roles[token.role] ?? token.role}</td><td>{token.agents.join(', ')}</td><td>{dateAndTime(token.madeAt)}</td><td className="numeric"><Button small onClick={() => revoke.mutate(token.id)}>{words.admin.revoke}</Button></td></tr>)}</tbody></table>
      <form className="body row" style={{ alignItems: 'flex-end' }} onSubmit={(event) => { event.preventDefault(); if (!make.isPending) make.mutate(); }}>
        <Field label={words.admin.name}>{(ids) => <input {...ids} required value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label={words.admin.role}>{(ids) => <select {...ids} value={role} onChange={(e) => setRole(e.target.value as Role)}>{Object.entries(words.admin.roles).map(([key, label]) => <option key={key} value={key}>{label}</option>)}</select>}</Field>
        <Field label={words.admin.links}>{(ids) => <input {...ids} value={agents} onChange={(e) => setAgents(e.target.value)} />}</Field>
        <Button type="submit" tone="primary">{words.admin.add}</Button>
      </form>
      {make.data && <div className="body"><Notice tone="good"><p>{words.admin.tokenOnce}</p><p><code>{make.data.token}</code></p></Notice></div>}
      {make.error && <div className="body"><Notice tone="bad">{sentence(make.error, words).title}</Notice></div>}
    </Section>
  );
}

function Audit() {
  const words = useWords();
  const rows = useQuery({ queryKey: ['audit'], queryFn: ({ signal }) => get<{ rows: AuditRow[] }>('/api/audit', { query: { limit: 100 }, signal }) });
  return (
    <Section title={words.admin.audit} failed={rows.isError}>
      <table><thead><tr><th>{words.admin.when}</th><th>{words.admin.who}</th><th>{words.admin.what}</th><th>{words.admin.on}</th><th>{words.admin.result}</th></tr></thead><tbody>{rows.data?.rows.map((row) => <tr key={row.id}><td>{dateAndTime(row.at)}</td><td>{row.who}</td><td>{row.action}</td><td>{row.target}</td><td>{row.result}</td></tr>)}</tbody></table>
    </Section>
  );
}
