import { useInfiniteQuery } from '@tanstack/react-query';
import { ArrowDownLeft, ArrowUpRight, Play } from 'lucide-react';
import { useState } from 'react';
import { at, get, ofUser } from '../../api/client';
import { KEYS } from '../../live/cache';
import { useMe } from '../../state';
import { Button, Chip, Empty, Field, Notice } from '../../ui/controls';
import { clock, dateAndTime, dayOf } from '../../words/time';
import { outcomeIn, useWords } from '../../words/words';
import type { HistoryRow } from '../../api/types';

/** Calls of the store: filters, legs, masked numbers, recordings. */
export default function History() {
  const words = useWords();
  const { data: me } = useMe();
  const today = dayOf(Date.now());
  const [filter, setFilter] = useState({ from: today, to: today, direction: '', number: '', agent: '' });
  const set = (change: Partial<typeof filter>) => setFilter({ ...filter, ...change });
  const list = useInfiniteQuery({
    queryKey: [...KEYS.history, filter],
    queryFn: ({ pageParam }) => get('/api/calls', { query: { ...filter, cursor: pageParam, limit: 50 } }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) => filter.to === today && state.data?.pages.length === 1 ? 20_000 : false,
  });
  const rows = list.data?.pages.flatMap(({ calls }) => calls) ?? [];
  const gaps = list.data?.pages[0]?.neverRead ?? [];
  return (
    <div className="page">
      <h1>{words.history.title}</h1>
      <form className="row" style={{ alignItems: 'flex-end' }} onSubmit={(event) => event.preventDefault()}>
        <Field label={words.history.from}>{(ids) => <input {...ids} type="date" value={filter.from} max={filter.to} onChange={(e) => { if (e.target.value) set({ from: e.target.value }); }} />}</Field>
        <Field label={words.history.to}>{(ids) => <input {...ids} type="date" value={filter.to} min={filter.from} onChange={(e) => { if (e.target.value) set({ to: e.target.value }); }} />}</Field>
        <Field label={words.history.direction}>{(ids) => <select {...ids} value={filter.direction} onChange={(e) => set({ direction: e.target.value })}><option value="">{words.history.all}</option><option value="inbound">{words.history.inbound}</option><option value="outbound">{words.history.outbound}</option></select>}</Field>
        <Field label={words.history.number}>{(ids) => <input {...ids} inputMode="tel" value={filter.number} onChange={(e) => set({ number: e.target.value })} />}</Field>
        {me?.role !== 'agent' && <Field label={words.history.agent}>{(ids) => <input {...ids} value={filter.agent} onChange={(e) => set({ agent: e.target.value })} />}</Field>}
      </form>
      {gaps.length > 0 && <Notice tone="warning">{words.history.gaps(gaps.join(', '))}</Notice>}
      {filter.to === today && <p className="small muted">{words.performance.delay}</p>}
      <section className="card" aria-label={words.history.title} tabIndex={0} style={{ overflowX: 'auto' }}>
        {list.isError && <div className="body"><Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{words.history.failed}</Notice></div>}
        {list.isPending ? <p className="empty" role="status">{words.loading}</p>
          : rows.length === 0 ? !list.isError && <Empty title={words.history.empty}><p>{words.history.emptyWhy}</p></Empty>
          : <Table rows={rows} />}
      </section>
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{words.showMore}</Button>}
    </div>
  );
}

function Table({ rows }: { rows: readonly HistoryRow[] }) {
  const words = useWords();
  return (
    <table>
      <thead><tr><th>{words.history.when}</th><th>{words.history.number}</th><th>{words.history.agent}</th><th className="numeric">{words.history.legs}</th><th>{words.history.outcome}</th><th>{words.history.disposition}</th><th className="numeric">{words.history.talk}</th><th>{words.history.recording}</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.ucid}>
            <td><time>{dateAndTime(row.startedAt)}</time></td>
            <td className="number"><span className="row" style={{ flexWrap: 'nowrap' }}>{row.direction === 'inbound' ? <ArrowDownLeft size={14} aria-label={words.history.inbound} /> : row.direction === 'outbound' ? <ArrowUpRight size={14} aria-label={words.history.outbound} /> : null}{row.number ?? words.withheld}</span></td>
            <td>{row.agents.join(', ')}</td>
            <td className="numeric">{row.legs}</td>
            <td><Chip tone={row.answered ? 'good' : undefined}>{outcomeIn(words, row.outcome)}</Chip></td>
            <td>{row.disposition ?? ''}</td>
            <td className="numeric">{row.talkSec === 0 ? '' : clock(row.talkSec * 1000)}</td>
            <td>{row.recorded && <Recording ucid={row.ucid} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Loaded when it is asked for: each play is in the audit. */
function Recording({ ucid }: { ucid: string }) {
  const words = useWords();
  const [state, setState] = useState<'' | 'playing' | 'failed'>('');
  if (state === 'failed') return <span className="muted small">{words.history.notReady}</span>;
  if (state === 'playing') return <audio controls autoPlay src={ofUser(at('/api/calls/{ucid}/recording', { ucid }))} style={{ height: 32, maxWidth: 240 }} onError={() => setState('failed')} />;
  return <Button small onClick={() => setState('playing')}><Play aria-hidden />{words.history.play}</Button>;
}
