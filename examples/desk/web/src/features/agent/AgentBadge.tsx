import { useMutation, useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, CirclePause, LogIn } from 'lucide-react';
import { at, get, post } from '../../api/client';
import type { AgentView } from '../../api/types';
import { useAgent, useNow, useStale } from '../../state';
import { Button } from '../../ui/controls';
import { Menu, type MenuEntry } from '../../ui/Menu';
import { toastProblem } from '../../ui/toasts';
import { clock, span, timeOfDay } from '../../words/time';
import { useWords, type Words } from '../../words/words';
import { stateTone } from './tone';

/** The service's word for a state, in ours; an unknown word as it came. */
export function stateWord(agent: AgentView, words: Words): string {
  const word = agent.state.word;
  const known = words.agent.words[word.toUpperCase().replaceAll(' ', '_')];
  return agent.pausedReason && known ? `${known}: ${agent.pausedReason}` : known ?? word;
}

/** What the service says the agent is, and since when; what was asked for is another thing. */
export function AgentBadge({ agent: id }: { agent: string }) {
  const words = useWords();
  const agent = useAgent(id);
  const stale = useStale();
  const now = useNow();
  const reasons = useQuery({ queryKey: ['pause-reasons'], queryFn: () => get('/api/pause-reasons') });
  const command = useMutation({
    mutationFn: ({ verb, reason }: { verb: 'ready' | 'pause' | 'login'; reason?: string }) => verb === 'pause' ? post(at('/api/agents/{id}/pause', { id }), { reason: reason ?? '' }) : post(at(`/api/agents/{id}/${verb}`, { id }), {}),
    onError: (problem) => toastProblem(problem, words),
  });
  if (!agent) return <Button className="badge" blocked={words.live.connecting}>{words.loading}</Button>;
  const { state } = agent;
  const blocked = stale && (words.reason['stale'] ?? stale);
  const inCall = agent.call !== null;
  const after = inCall ? ` (${words.agent.afterCall})` : '';
  const list = reasons.data?.reasons ?? [];
  // Where it is not known whether the agent is logged in, both are offered: the service decides.
  const login: MenuEntry[] = agent.loggedIn ? [] : [{ key: 'login', label: words.agent.logIn, icon: <LogIn aria-hidden />, blocked, onSelect: () => command.mutate({ verb: 'login' }) }];
  const entries: MenuEntry[] = agent.loggedIn === false ? login : [
    { key: 'ready', label: words.agent.ready + after, icon: <Check aria-hidden />, blocked, onSelect: () => command.mutate({ verb: 'ready' }) },
    { key: 'caption', caption: words.agent.reasons + after },
    ...list.map((reason) => ({ key: reason, label: reason, icon: <CirclePause aria-hidden />, blocked, onSelect: () => command.mutate({ verb: 'pause' as const, reason }) })),
    ...(list.length === 0 ? [{ key: 'pause', label: words.agent.pause, icon: <CirclePause aria-hidden />, blocked, onSelect: () => command.mutate({ verb: 'pause' }) }] : []),
    ...login,
  ];
  const text = state.fresh || state.word === '' ? stateWord(agent, words) : words.agent.unknown(state.at === 0 ? null : timeOfDay(state.at));
  const asked = state.asked && (!state.fresh || state.asked.at > state.at) ? words.agent.asked(state.asked.word, span(now - state.asked.at, words)) : null;
  return (
    <Menu
      entries={entries}
      trigger={
        <Button className="badge" title={asked ?? agent.state.source}>
          <span className="only-read">{words.agent.badge}: </span>
          <span className={`dot ${stateTone(agent)}`} aria-hidden />
          <span>{text}</span>
          {state.since !== null && state.fresh && <time className="muted">{clock(now - state.since)}</time>}
          {asked && <span className="muted small wide">{asked}</span>}
          <ChevronDown aria-hidden />
        </Button>
      }
    />
  );
}
