/** What the desk is asked about live assist, and what it says. */
import { at, get, post, put } from '../../api/client';
import type { Call } from '../../api/types';

/** Words are open: those that are not known are shown as "not transcribed", with the reason as it came. */
export interface Standing { state: string; reason: string | null }

export const transcript = (ucid: string, after: string | null) => get(at('/api/calls/{ucid}/transcript', { ucid }), { query: { after, limit: 500 } });
export const suggestions = (ucid: string) => get(at('/api/calls/{ucid}/suggestions', { ucid }));
export const dismiss = (ucid: string, id: string) => post(at('/api/calls/{ucid}/suggestions/{id}/dismiss', { ucid, id }), {});
export const callSummary = (ucid: string) => get(at('/api/calls/{ucid}/summary', { ucid }));
export const leadSummary = (id: string) => get(at('/api/leads/{id}/summary', { id }));
export const campaigns = () => get('/api/admin/assist/campaigns');
export const consent = (campaign: string, given: boolean) => put('/api/admin/assist/campaigns', { campaigns: [{ campaign, consent: given }] });

/** How it stands with a call as its record says; `null` where the record does not speak of it. */
export const standingIn = ({ assist }: Call): Standing | null => (assist ? { state: assist.state, reason: assist.reason ?? null } : null);
