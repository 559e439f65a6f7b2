/** A dial from the click on: one key for one wish, kept over a reload, never posted twice. */
import { useSyncExternalStore } from 'react';
import { at, get, post } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Call, PlacedCall } from '../../api/types';

export interface Pending {
  key: string;
  number: string;
  name: string | null;
  leadId: string | null;
  at: number;
  state: 'sending' | 'accepted' | 'refused' | 'not_sent' | 'unknown' | 'happened';
  ucid: string | null;
  reference: string | null;
  problem: string | null;
}

const KEPT = 'desk-dial';
/** A request that seems lost may still arrive within this time. */
const ARRIVES_MS = 3_000;
const watchers = new Set<() => void>();
/** The dial whose answer this page waits for. */
let posting: string | null = null;
let pending: Pending | null = load();

function load(): Pending | null {
  try { return JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Pending | null; } catch { return null; }
}

function set(next: Pending | null) {
  pending = next;
  if (next) sessionStorage.setItem(KEPT, JSON.stringify(next)); else sessionStorage.removeItem(KEPT);
  watchers.forEach((watcher) => watcher());
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
};

export const usePending = () => useSyncExternalStore(watch, () => pending);
export const forgetPending = () => set(null);
/** Whether a call is the one that was dialled, or that one has become part of it. */
export const isOf = ({ ucid }: Pending, call: Call) => ucid !== null && (call.ucid === ucid || call.ids.includes(ucid));

export interface Wish { number: string; name?: string | null; campaign?: string | null; did?: string | null; missedId?: string | null; leadId?: string | null }

/** Places a call. A second one while the first is on its way is not sent. */
export async function dial({ number, name = null, campaign, did, missedId, leadId }: Wish): Promise<void> {
  if (pending?.state === 'sending') return;
  const key = crypto.randomUUID();
  set({ key, number, name, leadId: leadId ?? null, at: Date.now(), state: 'sending', ucid: null, reference: null, problem: null });
  posting = key;
  try {
    const body = { number, ...(campaign ? { campaign } : {}), ...(did ? { did } : {}), ...(missedId ? { missedId } : {}), ...(leadId ? { leadId } : {}) };
    took(key, await post('/api/calls', body, { key }));
  } catch (error) {
    failed(key, error);
  } finally {
    if (posting === key) posting = null;
  }
}

/** Whether only the desk can say what became of it: its answer was lost, or went to a page that is no more. */
export const isOpen = ({ key, state }: Pending) => state === 'unknown' || (state === 'sending' && key !== posting);

/** Asks what became of a dial; it never dials again. A desk that knows of none was never asked. Else it is as it was. */
export async function resume(): Promise<null> {
  if (!pending || !isOpen(pending)) return null;
  const { key, at: since } = pending;
  try {
    took(key, await get(at('/api/dials/{key}', { key })));
  } catch (error) {
    if (error instanceof Problem && error.status === 404 && Date.now() - since > ARRIVES_MS) update(key, { state: 'not_sent' });
  }
  return null;
}

const STATES: Record<PlacedCall['state'], Pending['state']> = {
  sending: 'sending', accepted: 'accepted', refused: 'refused', invalid: 'refused', not_sent: 'not_sent', unknown: 'unknown', settled_happened: 'happened', settled_not_happened: 'not_sent',
};

/** What the desk's ledger says of a dial. */
function took(key: string, { ucid, reference, state }: Pick<PlacedCall, 'ucid' | 'reference' | 'state'>) {
  update(key, { state: STATES[state], ucid, reference });
}

function failed(key: string, error: unknown) {
  const problem = error instanceof Problem ? error : null;
  const reference = typeof problem?.body['reference'] === 'string' ? problem.body['reference'] : null;
  const sent = problem?.mayHaveHappened ?? true;
  update(key, { state: sent ? 'unknown' : 'refused', reference, problem: problem?.body.message || null });
}

function update(key: string, change: Partial<Pending>) {
  if (pending?.key === key) set({ ...pending, ...change });
}
