/** Leads as the desk knows them: one read per question, however many parts of the page ask. */
import { useQuery } from '@tanstack/react-query';
import { at, get } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Call, Lead } from '../../api/types';
import { KEYS } from '../../live/cache';
import { named } from '../customer/profile';

/** Whom the page is about without a call: chosen in a list, or dialled. */
export interface Selected { number: string | null; name: string | null; leadId?: string | null; missedId?: string | null }

/** The lead of a call, or of whoever was chosen: `undefined` while nobody knows, `null` of somebody who is none. */
export interface LeadOf { id: string | null | undefined; failed: boolean; again: () => void }

export function useLeadOf(call: Call | null, selected: Selected | null): LeadOf {
  const known = (call ? call.lead?.id : selected?.leadId) ?? null;
  const number = call ? call.number : selected?.number ?? null;
  const lookup = useQuery({
    queryKey: [...KEYS.lead, 'of', number],
    queryFn: () => get('/api/leads/lookup', { query: { number: number ?? '' } }),
    enabled: known === null && number !== null,
  });
  return leadOf(known, number, lookup);
}

interface Lookup { data: { lead?: { id: string } | null } | undefined; error: unknown; refetch: () => unknown }

/** What a lookup says, where the lead is not known without one. One that failed says of nobody that it is no lead; what is no telephone number is none. */
export function leadOf(known: string | null, number: string | null, { data, error, refetch }: Lookup): LeadOf {
  const again = () => void refetch();
  if (known !== null || number === null) return { id: known, failed: false, again };
  if (data) return { id: data.lead?.id ?? null, failed: false, again };
  if (error instanceof Problem && error.status === 400) return { id: null, failed: false, again };
  return { id: undefined, failed: error !== null, again };
}

export function useLead360(id: string | null | undefined) {
  return useQuery({
    queryKey: [...KEYS.lead, id],
    queryFn: () => get(at('/api/leads/{id}/360', { id: id ?? '' })),
    enabled: typeof id === 'string',
  });
}

/** What can be sent: no SMS where the account names no fields for it, no WhatsApp without a template. */
export function useTemplates() {
  return useQuery({ queryKey: ['message-templates'], queryFn: () => get('/api/message-templates'), staleTime: 300_000 });
}

/** The facts of a lead that have no place of their own, as texts. */
export function moreOf({ fields }: Lead): [string, string][] {
  return Object.entries(fields).flatMap(([key, value]): [string, string][] => value.trim() === '' ? [] : [[named(key), value.trim()]]);
}

/** A template with what was typed in the place of its parameters. */
export function filled(text: string, values: readonly string[]): string {
  return text.replace(/\{(\d{1,2})\}/g, (whole, n: string) => values[Number(n) - 1]?.trim() || whole);
}
