/** The profile that belongs to a call: asked for once, and again when the desk says that it changed. */
import { useQuery } from '@tanstack/react-query';
import { ask } from '../../api/client';
import type { Call } from '../../api/types';
import { KEYS } from '../../live/cache';
import { profileOf } from './profile';

export function useProfile(ucid: string | null) {
  return useQuery({
    queryKey: [...KEYS.profile, ucid],
    queryFn: () => ask<unknown>('GET', '/api/customer/data', { query: { call_id: ucid } }).then(profileOf),
    staleTime: Infinity,
    enabled: false,
  });
}

/** The name of whoever is on a call: the lead's, else what the caller told the assistant. */
export function useCustomerName(call: Call): string | null {
  const { data: profile } = useProfile(call.ucid);
  return call.lead?.name || profile?.name || null;
}
