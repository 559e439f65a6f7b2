import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { get } from '../../api/client';
import { KEYS } from '../../live/cache';
import { Button, Chip, Empty, Field, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { dateAndTime, dayOf, momentOf } from '../../words/time';
import { useWords } from '../../words/words';
import { useUsers } from './Users';

/** What was done, by whom, on what: rows are added and never changed. */
export function Audit() {
  const words = useWords();
  const users = useUsers();
  const today = dayOf(Date.now());
  const [filter, setFilter] = useState({ from: today, to: today, who: '', action: '' });
  const set = (change: Partial<typeof filter>) => setFilter({ ...filter, ...change });
  const rows = useInfiniteQuery({
    queryKey: [...KEYS.audit, filter],
    queryFn: ({ pageParam }) => get('/api/audit', { query: { from: momentOf(`${filter.from}T00:00`), to: momentOf(`${filter.to}T23:59`) + 59_999, who: filter.who, action: filter.action, cursor: pageParam, limit: 100 } }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const list = rows.data?.pages.flatMap((page) => page.rows) ?? [];
  const name = (id: string) => users.data?.find((user) => user.id === id)?.email ?? id;
  return (
    <section className="card" aria-label={words.admin.audit}>
      <header><h2>{words.admin.audit}</h2></header>
      <form className="form" style={{ borderTop: 0 }} onSubmit={(event) => event.preventDefault()}>
        <Field label={words.history.from}>{(ids) => <input {...ids} type="date" value={filter.from} max={filter.to} onChange={(e) => { if (e.target.value) set({ from: e.target.value }); }} />}</Field>
        <Field label={words.history.to}>{(ids) => <input {...ids} type="date" value={filter.to} min={filter.from} onChange={(e) => { if (e.target.value) set({ to: e.target.value }); }} />}</Field>
        <Field label={words.admin.who}>{(ids) => <select {...ids} value={filter.who} onChange={(e) => set({ who: e.target.value })}><option value="">{words.history.all}</option>{users.data?.map((user) => <option key={user.id} value={user.id}>{user.email}</option>)}</select>}</Field>
        <Field label={words.admin.what}>{(ids) => <input {...ids} autoComplete="off" placeholder={words.admin.whatHint} value={filter.action} onChange={(e) => set({ action: e.target.value })} />}</Field>
      </form>
      {rows.isError ? <div className="body"><Notice tone="bad" action={<Button small onClick={() => void rows.refetch()}>{words.retry}</Button>}>{sentence(rows.error, words).title}</Notice></div>
        : rows.isPending ? <p className="empty" role="status">{words.loading}</p>
        : list.length === 0 ? <Empty title={words.admin.noAudit} />
        : (
          <table>
            <thead><tr><th>{words.admin.when}</th><th>{words.admin.who}</th><th>{words.admin.what}</th><th>{words.admin.on}</th><th>{words.history.agent}</th><th>{words.admin.result}</th></tr></thead>
            <tbody>{list.map((row) => <tr key={row.id}><td><time>{dateAndTime(row.at)}</time></td><td>{name(row.who)}</td><td><code>{row.action}</code></td><td>{row.target}</td><td>{row.agent ?? ''}</td><td>{row.result === 'ok' ? <Chip tone="good">{row.result}</Chip> : <Chip tone="warning">{words.reason[row.result] ?? row.result.replaceAll('_', ' ')}</Chip>}</td></tr>)}</tbody>
          </table>
        )}
      {rows.hasNextPage && <div className="body"><Button onClick={() => void rows.fetchNextPage()}>{words.showMore}</Button></div>}
    </section>
  );
}
