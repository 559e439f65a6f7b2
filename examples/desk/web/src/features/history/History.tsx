import { useInfiniteQuery } from '@tanstack/react-query';
import { ArrowDownLeft, ArrowUpRight, ChevronDown, ChevronRight, Play } from 'lucide-react';
import { Fragment, useState } from 'react';
import { get } from '../../api/client';
import { KEYS } from '../../live/cache';
import { useMe } from '../../state';
import { Button, Chip, Empty, Field, Notice } from '../../ui/controls';
import { clock, dateAndTime, dayOf, timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import type { HistoryPage, HistoryRow } from './rows';

/** Calls of the store: filters, legs, masked numbers, recordings. */
export default function History() {
  const words = useWords();
  const { data: me } = useMe();
  const today = dayOf(Date.now());
  const [filter, setFilter] = useState({ from: today, to: today, direction: '', number: '', agent: '' });
  const set = (change: Partial<typeof filter>) => setFilter({ ...filter, ...change });
  const list = useInfiniteQuery({
    queryKey: [...KEYS.history, filter],
    queryFn: ({ pageParam, signal }) => get<HistoryPage>('/api/calls', { query: { ...filter, cursor: pageParam, limit: 50 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ cursor }) => cursor,
  });
  const rows = list.data?.pages.flatMap(({ calls }) => calls) ?? [];
  const gaps = list.data?.pages[0]?.gaps ?? [];
  return (
    <div className="page">
      <h1>{words.history.title}</h1>
      <form className="row" style={{ alignItems: 'flex-end' }} onSubmit={(event) => event.preventDefault()}>
        <Field label={words.history.from}>{(ids) => <input {...ids} type="date" value={filter.from} max={filter.to} onChange={(e) => set({ from: e.target.value })} />}</Field>
        <Field label={words.history.to}>{(ids) => <input {...ids} type="date" value={filter.to} min={filter.from} onChange={(e) => set({ to: e.target.value })} />}</Field>
        <Field label={words.history.direction}>{(ids) => <select {...ids} value={filter.direction} onChange={(e) => set({ direction: e.target.value })}><option value="">{words.history.all}</option><option value="inbound">{words.history.inbound}</option><option value="outbound">{words.history.outbound}</option></select>}</Field>
        <Field label={words.history.number}>{(ids) => <input {...ids} inputMode="tel" value={filter.number} onChange={(e) => set({ number: e.target.value })} />}</Field>
        {me?.role !== 'agent' && <Field label={words.history.agent}>{(ids) => <input {...ids} value={filter.agent} onChange={(e) => set({ agent: e.target.value })} />}</Field>}
      </form>
      {gaps.length > 0 && <Notice tone="warning">{words.history.gaps(gaps.map(({ from, to }) => `${dateAndTime(from)}–${timeOfDay(to)}`).join(', '))}</Notice>}
      <section className="card" style={{ overflowX: 'auto' }}>
        {list.isError ? <div className="body"><Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{words.history.failed}</Notice></div>
          : list.isPending ? <p className="empty" role="status">{words.loading}</p>
          : rows.length === 0 ? <Empty title={words.history.empty}><p>{words.history.emptyWhy}</p></Empty>
          : <Table rows={rows} />}
      </section>
      {list.hasNextPage && <Button onClick={() => void list.fetchNextPage()}>{words.showMore}</Button>}
    </div>
  );
}

function Table({ rows }: { rows: readonly HistoryRow[] }) {
  const words = useWords();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <table>
      <thead><tr><th /><th>{words.history.when}</th><th>{words.history.number}</th><th>{words.history.agent}</th><th>{words.history.outcome}</th><th>{words.history.disposition}</th><th className="numeric">{words.history.talk}</th><th>{words.history.recording}</th></tr></thead>
      <tbody>
        {rows.map((row) => (
          <Fragment key={row.ucid}>
            <tr>
              <td>{row.legs.length > 1 ? <Button small tone="quiet" icon aria-expanded={open === row.ucid} aria-label={`${words.history.legs}: ${row.legs.length}`} onClick={() => setOpen(open === row.ucid ? null : row.ucid)}>{open === row.ucid ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}</Button> : null}</td>
              <td className="numeric" style={{ textAlign: 'start' }}>{row.startedAt === null ? '' : dateAndTime(row.startedAt)}</td>
              <td className="number"><span className="row" style={{ flexWrap: 'nowrap' }}>{row.direction === 'inbound' ? <ArrowDownLeft size={14} aria-label={words.history.inbound} /> : row.direction === 'outbound' ? <ArrowUpRight size={14} aria-label={words.history.outbound} /> : null}{row.masked || words.withheld}</span></td>
              <td>{row.agent ?? ''}</td>
              <td>{row.outcome && <Chip tone={/answered/.test(row.outcome) && !/un|not/.test(row.outcome) ? 'good' : undefined}>{row.outcome.replaceAll('_', ' ')}</Chip>}</td>
              <td>{row.disposition ?? ''}</td>
              <td className="numeric">{row.talkSec === null ? '' : clock(row.talkSec * 1000)}</td>
              <td><Recording row={row} /></td>
            </tr>
            {open === row.ucid && row.legs.map((leg, at) => <tr key={at} className="muted"><td /><td className="numeric" style={{ textAlign: 'start' }}>{leg.startedAt === null ? '' : dateAndTime(leg.startedAt)}</td><td /><td>{leg.agent ?? ''}</td><td>{leg.status ?? ''}</td><td /><td className="numeric">{leg.talkSec === null ? '' : clock(leg.talkSec * 1000)}</td><td /></tr>)}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

function Recording({ row }: { row: HistoryRow }) {
  const words = useWords();
  const [play, setPlay] = useState(false);
  if (row.recording === 'not_ready') return <span className="muted small">{words.history.notReady}</span>;
  if (row.recording !== 'ready') return null;
  if (play) return <audio controls autoPlay src={`/api/calls/${encodeURIComponent(row.ucid)}/recording`} style={{ height: 32, maxWidth: 240 }} />;
  return <Button small onClick={() => setPlay(true)}><Play aria-hidden />{words.history.play}</Button>;
}
