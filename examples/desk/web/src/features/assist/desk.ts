/** What the desk is asked about live assist, and what it says. */
import { ask } from '../../api/client';
import type { Call } from '../../api/types';
import type { Entry, Suggestion } from './transcript';

/** `state` and `reason` are open: words that are not known are shown as "not transcribed". */
export interface Standing { state: string; reason: string | null }
export interface Consent { campaign: string; consent: boolean }

const of = (ucid: string, rest: string) => `/api/calls/${encodeURIComponent(ucid)}/${rest}`;

export const transcript = (ucid: string, after: string | null) => ask<{ entries: Entry[]; more: boolean }>('GET', of(ucid, 'transcript'), { query: { after, limit: 500 } });
export const suggestions = (ucid: string) => ask<{ suggestions: Omit<Suggestion, 'done'>[] }>('GET', of(ucid, 'suggestions'));
export const dismiss = (ucid: string, id: string) => ask<null>('POST', of(ucid, `suggestions/${encodeURIComponent(id)}/dismiss`), { body: {} });
export const callSummary = (ucid: string) => ask<{ text: string } | null>('GET', of(ucid, 'summary'));
export const leadSummary = (id: string) => ask<{ text: string } | null>('GET', `/api/leads/${encodeURIComponent(id)}/summary`);
export const campaigns = () => ask<{ campaigns: Consent[] }>('GET', '/api/admin/assist/campaigns');
export const consent = (campaign: string, given: boolean) => ask<{ campaigns: Consent[] }>('PUT', '/api/admin/assist/campaigns', { body: { campaigns: [{ campaign, consent: given }] } });

/** How it stands with a call as its record says; `null` where the record does not speak of it. */
export function standingIn(call: Call): Standing | null {
  const { assist } = call as Call & { assist?: { state: string; reason?: string | null } | null };
  return assist ? { state: assist.state, reason: assist.reason ?? null } : null;
}
