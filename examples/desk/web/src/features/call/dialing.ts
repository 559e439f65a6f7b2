/** A dial from the click on: one key for one wish, kept over a reload, never posted twice. */
import { useSyncExternalStore } from 'react';
import { at, get, post } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Call, PlacedCall } from '../../api/types';
import { hasOutcome, isWritten, stillUnheard, withUnheard, type Pending, type Unheard } from './outcome';

export type { Pending };

const KEPT = 'desk-dial';
const UNHEARD = 'desk-unheard';
/** A request whose answer was lost may still arrive within this time. */
const ARRIVES_MS = 3_000;
/** An accepted dial whose call nobody has told of for so long is looked for. */
const SILENT_MS = 30_000;
const watchers = new Set<() => void>();
/** The dial whose answer this page waits for. */
let posting: string | null = null;
let unheard = loadUnheard();
let pending: Pending | null = load();

function load(): Pending | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null') as Pending | null;
    // The answer to a dial that was on its way went to the page before.
    return kept && { ...kept, wish: kept.wish ?? null, lostAt: kept.state === 'sending' ? Date.now() : kept.lostAt ?? null, reason: kept.reason ?? null };
  } catch { return null; }
}

function loadUnheard(): readonly Unheard[] {
  try { return stillUnheard(JSON.parse(sessionStorage.getItem(UNHEARD) ?? '[]') as Unheard[], Date.now()); } catch { return []; }
}

/** They outlive a reload. */
function keepUnheard(next: readonly Unheard[]) {
  unheard = next;
  try {
    if (next.length > 0) sessionStorage.setItem(UNHEARD, JSON.stringify(next)); else sessionStorage.removeItem(UNHEARD);
  } catch { /* Then they are known as long as the page. */ }
}

/** The desk has written down what became of a dial: its key is used up. */
function heardOf(key: string) {
  if (unheard.some((one) => one.key === key)) keepUnheard(unheard.filter((one) => one.key !== key));
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
/** Whether a dial was accepted a while ago and nobody has told of its call. */
export const isSilent = ({ state, at: since }: Pending, now: number) => state === 'accepted' && now - since > SILENT_MS;

export interface Wish { number: string; name?: string | null; campaign?: string | null; did?: string | null; missedId?: string | null; leadId?: string | null }

/** Places a call. A second one while it is not known what becomes of the first is not sent. */
export async function dial({ number, name = null, campaign, did, missedId, leadId }: Wish): Promise<void> {
  if (pending && !hasOutcome(pending)) return;
  const body = { number, ...(campaign ? { campaign } : {}), ...(did ? { did } : {}), ...(missedId ? { missedId } : {}), ...(leadId ? { leadId } : {}) };
  const wish = JSON.stringify(body);
  const now = Date.now();
  const again = stillUnheard(unheard, now).find((one) => one.wish === wish);
  const key = again?.key ?? crypto.randomUUID();
  // Its key is kept while it is on its way: neither of the two may have arrived.
  keepUnheard(again ? withUnheard(unheard, { ...again, at: now }, now) : stillUnheard(unheard, now));
  set({ key, wish, number, name, leadId: leadId ?? null, at: now, lostAt: null, state: 'sending', ucid: null, reference: null, problem: null, reason: null });
  posting = key;
  try {
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
  const { key, wish, at: since, lostAt } = pending;
  try {
    took(key, await get(at('/api/dials/{key}', { key })));
  } catch (error) {
    if (error instanceof Problem && error.status === 404 && Date.now() - (lostAt ?? since) > ARRIVES_MS) {
      if (wish !== null) keepUnheard(withUnheard(unheard, { key, wish, at: since }, Date.now()));
      update(key, { state: 'not_sent' });
    }
  }
  return null;
}

/** Asks for the call of a dial of which nobody has told: it may have been over before this page could hear of it. */
export async function lookFor(): Promise<Call | null> {
  if (!pending || !isSilent(pending, Date.now())) return null;
  const { key, ucid } = pending;
  if (ucid !== null) return get(at('/api/calls/{ucid}', { ucid }));
  took(key, await get(at('/api/dials/{key}', { key })));
  return null;
}

const STATES: Record<PlacedCall['state'], Pending['state']> = {
  sending: 'sending', accepted: 'accepted', refused: 'refused', invalid: 'refused', not_sent: 'not_sent', unknown: 'unknown', settled_happened: 'happened', settled_not_happened: 'not_sent',
};

/** What the desk's ledger says of a dial. */
function took(key: string, { ucid, reference, state }: Pick<PlacedCall, 'ucid' | 'reference' | 'state'>) {
  heardOf(key);
  update(key, { state: STATES[state], ucid, reference });
}

function failed(key: string, error: unknown) {
  const problem = error instanceof Problem ? error : null;
  const reference = typeof problem?.body['reference'] === 'string' ? problem.body['reference'] : null;
  const sent = problem?.mayHaveHappened ?? true;
  const reason = typeof problem?.body['reason'] === 'string' ? problem.body['reason'] : null;
  if (problem && !sent && isWritten(problem.status, reason)) heardOf(key);
  update(key, { state: sent ? 'unknown' : 'refused', lostAt: sent ? Date.now() : null, reference, problem: problem?.body.message || null, reason });
}

function update(key: string, change: Partial<Pending>) {
  if (pending?.key === key) set({ ...pending, ...change });
}
