import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { at, get, post } from '../../api/client';
import type { AgentView } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useAgents, useCalls, useNow, useStale } from '../../state';
import { Dialog } from '../../ui/Dialog';
import { Button, Chip, Empty, Notice } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { clock, dayOf, timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import { stateWord } from '../agent/AgentBadge';
import { stateTone } from '../agent/tone';
import { ReadAt } from '../performance/ReadAt';
import { readOf } from '../performance/figures';
import { byAttention } from './attention';
import '../performance/performance.css';
import './wallboard.css';

/** The team at a glance, from two metres. */
export default function Wallboard() {
  const words = useWords();
  const now = useNow();
  const agents = useAgents();
  const calls = useCalls().filter(({ phase }) => phase !== 'closed');
  const today = dayOf(now);
  const figures = useQuery({ queryKey: [...KEYS.performance, 'team', today], queryFn: () => get('/api/performance/team', { query: { from: today, to: today } }), refetchInterval: 60_000 });
  const missed = useQuery({ queryKey: KEYS.missed, queryFn: () => get('/api/missed') });
  const read = readOf(figures.data, 1);
  const waiting = calls.filter(({ direction, phase }) => direction === 'inbound' && phase === 'ringing').length;
  const top: [string, string | number][] = [
    [words.wallboard.queue, waiting], [words.wallboard.missed, missed.data ? `${missed.data.missed.length}${missed.data.more ? '+' : ''}` : '–'], [words.wallboard.live, calls.filter(({ phase }) => phase === 'active').length],
    [words.wallboard.today, read?.total.calls.total ?? '–'], [words.wallboard.answered, read?.total.calls.answered ?? '–'], [words.performance.booked, read?.total.appointmentsBooked ?? '–'],
  ];
  return (
    <div className="page wallboard">
      <h1 className="only-read">{words.wallboard.title}</h1>
      <dl className="figures">{top.map(([name, value]) => <div className="card" key={name}><dt className="muted">{name}</dt><dd className="figure">{value}</dd></div>)}</dl>
      {figures.isError && <Notice tone="warning" action={<Button small onClick={() => void figures.refetch()}>{words.retry}</Button>}>{words.performance.failed}</Notice>}
      {figures.data && !read && <Notice tone="warning">{words.performance.unread}</Notice>}
      {read && read.readAt !== null && <ReadAt at={read.readAt} now={now} />}
      <section className="card" style={{ overflowX: 'auto' }} aria-label={words.wallboard.agents}>
        {agents.length === 0 ? <Empty title={words.wallboard.noAgents} /> : (
          <table className="agents">
            <thead><tr><th>{words.wallboard.agents}</th><th>{words.wallboard.state}</th><th className="numeric">{words.wallboard.since}</th><th>{words.wallboard.call}</th><th>{words.navigation.devices === '' ? '' : words.phone.label}</th><th className="numeric">{words.wallboard.owed}</th><th /></tr></thead>
            <tbody>{byAttention(agents, now).map((agent) => <Row key={agent.agent} agent={agent} now={now} masked={calls.find(({ ucid }) => ucid === agent.call)?.masked ?? ''} />)}</tbody>
          </table>
        )}
      </section>
    </div>
  );
}

function Row({ agent, now, masked }: { agent: AgentView; now: number; masked: string }) {
  const words = useWords();
  const stale = useStale();
  const [ask, setAsk] = useState(false);
  const free = useMutation({ mutationFn: () => post(at('/api/agents/{id}/free', { id: agent.agent }), {}), onSuccess: () => setAsk(false), onError: (problem) => toastProblem(problem, words) });
  const { state } = agent;
  return (
    <tr>
      <td><strong>{agent.name || agent.agent}</strong></td>
      <td><span className="row"><span className={`dot ${stateTone(agent)}`} aria-hidden />{state.fresh ? stateWord(agent, words) : words.agent.unknown(state.at === 0 ? null : timeOfDay(state.at))}</span></td>
      <td className="numeric">{state.since !== null && state.fresh ? clock(now - state.since) : ''}</td>
      <td className="number">{masked}</td>
      <td>{agent.phone.registered ? <Chip tone="good">{words.phone.registered}</Chip> : <Chip>{words.phone.off}</Chip>}</td>
      <td className="numeric">{agent.owed > 0 ? <Chip tone="warning">{agent.owed}</Chip> : ''}</td>
      <td className="numeric"><Button small blocked={stale ? words.reason['stale'] : agent.call !== null ? words.reason['in_a_call'] : null} onClick={() => setAsk(true)}>{words.wallboard.free}</Button>
        {ask && <Dialog open title={words.wallboard.free} onClose={() => setAsk(false)} footer={<><Button onClick={() => setAsk(false)}>{words.cancel}</Button><Button tone="primary" blocked={stale ? words.reason['stale'] : free.isPending ? words.loading : null} onClick={() => free.mutate()}>{words.wallboard.free}</Button></>}><p>{words.wallboard.freeWhy}</p></Dialog>}</td>
    </tr>
  );
}
