/** Hooks over what the page has once. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { sameAgent } from './api/agents';
import { get } from './api/client';
import { Problem } from './api/problem';
import type { AgentView, Call, Me } from './api/types';
import { isTabOf, owner, softphone, stream } from './app';
import { isOutdated, watchUpgrade } from './live/build';
import { KEYS, type Agents, type Calls } from './live/cache';

export function useMe() {
  return useQuery({
    queryKey: KEYS.me,
    queryFn: (): Promise<Me | null> => get('/api/me').then((me) => (isTabOf(me.id) ? me : null)).catch((error: unknown) => {
      if (error instanceof Problem && error.status === 401) return null;
      throw error;
    }),
    staleTime: Infinity,
  });
}

const live = <T,>(key: readonly string[]) => ({ queryKey: key, queryFn: () => new Map() as T, staleTime: Infinity, gcTime: Infinity });

export function useCalls(): readonly Call[] {
  const { data } = useQuery(live<Calls>(KEYS.calls));
  return data ? [...data.values()] : [];
}

export function useAgents(): readonly AgentView[] {
  const { data } = useQuery(live<Agents>(KEYS.agents));
  return data ? [...data.values()] : [];
}

export function useAgent(id: string | null): AgentView | null {
  return useAgents().find(({ agent }) => sameAgent(agent, id)) ?? null;
}

export const useStanding = () => useSyncExternalStore(stream.watch, () => stream.standing);
export const usePhone = () => useSyncExternalStore(softphone.watch, () => softphone.phone);
/** Whether the agent is muted, in whichever tab the phone is. */
export const useMuted = () => useSyncExternalStore(owner.watch, () => owner.muted);
export const useOwnership = () => useSyncExternalStore(owner.watch, () => owner.state);

/** Whether the desk has a newer page than this one. */
export const useOutdated = () => useSyncExternalStore(watchUpgrade, isOutdated);

/** Whether this tab has a call, or its agent one anywhere: the page is not loaded anew then. */
export function useInCall(): boolean {
  const { data: me } = useMe();
  const calls = useCalls();
  const { leg } = usePhone();
  const own = me?.agents[0];
  return leg.kind !== 'idle' || calls.some(({ agent, phase }) => sameAgent(agent, own) && (phase === 'calling' || phase === 'ringing' || phase === 'active'));
}

/** Why commands wait, or `null`. */
export function useStale(): 'stale' | null {
  return useStanding() === 'live' ? null : 'stale';
}

/** The time, once a second while it is shown. */
export function useNow(every = 1_000): number {
  const [now, set] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

export function useInvalidate() {
  const cache = useQueryClient();
  return (key: readonly string[]) => void cache.invalidateQueries({ queryKey: key });
}
