/** The profile that belongs to a call: asked for once, and again when the desk says that it changed. */
import { useQuery } from '@tanstack/react-query';
import { Problem, ask } from '../../api/client';
import type { Call } from '../../api/types';
import { KEYS } from '../../live/cache';
import { profileOf } from './profile';

/** An agent without an extension is handed no calls by an assistant: there is no profile, which is no failure. */
function noExtension(problem: unknown): null {
  if (problem instanceof Problem && (problem.status === 400 || problem.status === 404)) return null;
  throw problem;
}

export function useProfile(ucid: string | null) {
  return useQuery({
    queryKey: [...KEYS.profile, ucid],
    queryFn: () => ask<unknown>('GET', '/api/customer/data', { query: { call_id: ucid } }).then(profileOf).catch(noExtension),
    staleTime: Infinity,
    enabled: ucid !== null,
  });
}

/** The name of whoever is on a call: the lead's, else what the caller told the assistant. */
export function useCustomerName(call: Call): string | null {
  const { data: profile } = useProfile(call.ucid);
  return call.lead?.name || profile?.name || null;
}
