import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { get } from '../../api/client';
import { KEYS } from '../../live/cache';
import { useMe, useNow } from '../../state';
import { Part } from '../../ui/Broken';
import { lazily } from '../../ui/lazily';
import { Button, Chip, Field, Notice } from '../../ui/controls';
import { clock, dayOf, daysBefore, weekday } from '../../words/time';
import { useWords } from '../../words/words';
import type { RangeFigures } from '../../api/types';
import { ReadAt } from './ReadAt';
import { parts, readOf, seconds, timeUse } from './figures';
import './performance.css';

const Chart = lazily(() => import('./Chart'));

type Range = { from: string; to: string };

/** An agent's own figures: the API's, drawn, with a table behind each picture. */
export default function Performance() {
  const words = useWords();
  const { data: me } = useMe();
  const now = useNow(30_000);
  const today = dayOf(now);
  const [range, setRange] = useState<Range>({ from: today, to: today });
  const agent = me?.agents[0] ?? null;
  // Records of today come in all the time, a minute or so after each call.
  const again = range.to === today ? { refetchInterval: 20_000 } : {};
  const figures = useQuery({ queryKey: [...KEYS.performance, agent, range], queryFn: () => get('/api/performance', { query: { ...range, agent } }), ...again });
  const length = (Date.parse(range.to) - Date.parse(range.from)) / 86_400_000 + 1;
  const week: Range = { from: daysBefore(range.from, 7 * Math.ceil(length / 7)), to: daysBefore(range.to, 7 * Math.ceil(length / 7)) };
  const before = useQuery({ queryKey: [...KEYS.performance, agent, week], queryFn: () => get('/api/performance', { query: { ...week, agent } }) });
  const trend = useQuery({ queryKey: [...KEYS.performance, 'trend', agent], queryFn: () => get('/api/performance/trend', { query: { days: 7, agent } }), ...again });
  const unread = trend.data?.days.filter(({ isRead }) => !isRead).map(({ date }) => weekday(date)) ?? [];
  const used = figures.data ? timeUse(figures.data) : null;
  const use = used ? parts(used) : [];
  const choices: [string, Range][] = [[words.performance.today, { from: today, to: today }], [words.performance.yesterday, { from: daysBefore(today, 1), to: daysBefore(today, 1) }], [words.performance.week, { from: daysBefore(today, 6), to: today }]];
  return (
    <div className="page">
      <div className="row heading">
        <h1 className="grow">{words.performance.title} {range.to === today && <Chip tone="blue">{words.performance.provisional}</Chip>}</h1>
        {choices.map(([name, choice]) => <Button key={name} aria-pressed={choice.from === range.from && choice.to === range.to} onClick={() => setRange(choice)}>{name}</Button>)}
        <Field label={words.performance.day}>{(ids) => <input {...ids} type="date" max={today} value={range.from === range.to ? range.from : ''} onChange={(event) => { if (event.target.value) setRange({ from: event.target.value, to: event.target.value }); }} />}</Field>
      </div>
      {figures.isError ? <Notice tone="bad" action={<Button small onClick={() => void figures.refetch()}>{words.retry}</Button>}>{words.problem.title}</Notice> : null}
      {figures.data?.neverRead.length ? <Notice tone="warning">{words.history.gaps(figures.data.neverRead.join(', '))}</Notice> : null}
      <Cards now={figures.data} days={length} then={before.data} name={length === 1 ? weekday(week.from) : `${weekday(week.from)} – ${weekday(week.to)}`} />
      {range.to === today && <p className="small muted">{words.performance.delay}</p>}
      {range.to === today && figures.data && figures.data.readAt !== null && <ReadAt at={figures.data.readAt} now={now} />}
      {before.data && before.data.neverRead.length > 0 && <p className="small muted">{words.performance.notRead(length === 1 ? weekday(week.from) : `${weekday(week.from)} – ${weekday(week.to)}`)}</p>}
      <div className="charts">
        <Panel title={words.performance.sevenDays} note={unread.length > 0 ? words.history.gaps(unread.join(', ')) : null} head={[words.performance.day, words.history.inbound, words.history.outbound]} rows={trend.data?.days.map(({ date, calls, isRead }) => [weekday(date), ...(isRead ? [calls.inbound, calls.outbound] : ['–', '–'])])}>
          {trend.data && <Chart kind="days" days={trend.data.days.map(({ date, calls, isRead }) => ({ name: weekday(date), inbound: isRead ? calls.inbound : null, outbound: isRead ? calls.outbound : null }))} names={[words.history.inbound, words.history.outbound]} />}
        </Panel>
        <Panel title={words.performance.dispositions} head={[words.history.disposition, words.performance.total]} rows={figures.data && Object.entries(figures.data.dispositions)}>
          {figures.data && <Chart kind="donut" parts={Object.entries(figures.data.dispositions).map(([name, value]) => ({ name, value }))} />}
        </Panel>
        <Panel title={words.performance.timeUse} note={figures.data && !figures.data.timeUtilization && used ? words.performance.fromStates : null} head={[words.wallboard.state, words.wallboard.since]} rows={figures.data && use.map(([name, sec]) => [words.performance.times[name] ?? name, clock(sec * 1000)])}>
          {use.length > 0 && <Chart kind="stack" parts={use.map(([name, value]) => ({ name: words.performance.times[name] ?? name, value }))} text={(sec) => clock(sec * 1000)} />}
        </Panel>
      </div>
    </div>
  );
}

function Cards({ now, days, then, name }: { now: RangeFigures | undefined; days: number; then: RangeFigures | undefined; name: string }) {
  const words = useWords();
  const counted = readOf(now, days);
  const rows: [string, (f: RangeFigures) => number | null, (n: number) => string, (RangeFigures | null | undefined)?][] = [
    [words.performance.total, (f) => f.calls.total, String],
    [words.performance.answered, (f) => f.calls.answered, String],
    [words.performance.booked, (f) => f.appointmentsBooked, String],
    [words.performance.handling, (f) => f.calls.answered === 0 ? null : f.handlingMeanSec, (n) => clock(n * 1000)],
    [words.performance.conversion, (f) => f.calls.total === 0 ? null : f.conversionRate, (n) => `${Math.round(n)} %`],
    [words.performance.signedIn, (f) => { const use = timeUse(f); return use ? seconds(use.totalLoginDuration) : null; }, (n) => clock(n * 1000), now],
  ];
  return (
    <dl className="figures">
      {rows.map(([label, of, text, from = counted]) => {
        const value = from ? of(from) : null;
        // A day that was not read is no day without calls.
        const old = then && then.neverRead.length === 0 ? of(then) : null;
        const change = value !== null && old !== null ? value - old : null;
        return (
          <div className="card" key={label}>
            <dt className="muted">{label}</dt>
            <dd className="figure">{value === null ? '–' : text(value)}</dd>
            <dd className="small muted">{change === null ? '\u00a0' : change === 0 ? words.performance.same(name) : words.performance.against(`${change < 0 ? '−' : '+'}${text(Math.abs(change))}`, name)}</dd>
          </div>
        );
      })}
    </dl>
  );
}

/** A picture with its table behind it. */
function Panel({ title, head, rows, note, children }: { title: string; head: string[]; rows: (string | number)[][] | undefined; note?: string | null; children: ReactNode }) {
  const words = useWords();
  const [table, setTable] = useState(false);
  const empty = !rows || rows.length === 0;
  return (
    <section className="card" aria-label={title}>
      <header><h2>{title}</h2><Button small tone="quiet" className="end" aria-pressed={table} onClick={() => setTable(!table)}>{words.performance.table}</Button></header>
      <div className="body chart" {...(table && !empty ? { tabIndex: 0, role: 'group', 'aria-label': title } : {})}>
        {empty ? <p className="empty">{rows ? words.performance.noData : words.loading}</p> : table ? (
          <table><thead><tr>{head.map((name, at) => <th key={name} className={at > 0 ? 'numeric' : ''}>{name}</th>)}</tr></thead><tbody>{rows.map((row) => <tr key={String(row[0])}>{row.map((cell, at) => <td key={at} className={at > 0 ? 'numeric' : ''}>{cell}</td>)}</tr>)}</tbody></table>
        ) : <Part fallback={<p className="empty">{words.loading}</p>}>{children}</Part>}
      </div>
      {note && <p className="small muted note">{note}</p>}
    </section>
  );
}
