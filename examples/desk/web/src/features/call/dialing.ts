/** A dial from the click on: one key for one wish, kept over a reload, never posted twice. */
import { useSyncExternalStore } from 'react';
import { at, get, post } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Call, PlacedCall } from '../../api/types';
import { placeOf, USER } from './kept';
import { hasOutcome, headOf, isCallTo, keyFor, metBy, stillUnheard, withUnheard, type KeyHead, type Pending, type Unheard } from './outcome';

export type { Pending };

/** A request whose answer was lost may still arrive within this time. */
const ARRIVES_MS = 3_000;
/** An accepted dial whose call nobody has told of for so long is looked for. */
const SILENT_MS = 30_000;
const watchers = new Set<() => void>();
/** The dial whose answer this page waits for. */
let posting: string | null = null;
/** Whose dials these are; this part may be loaded before it is known who is signed in. */
let user: string | null = null;
let isLoaded = false;
let unheard: readonly Unheard[] = [];
let pending: Pending | null = null;
/** Of these calls it is asked whether they are what became of a dial, or the desk said that they are not. */
const asked = new Set<string>();
/** A desk that did not answer is asked again after this time. */
const AGAIN_MS = 5_000;

/** The dial of whoever is signed in. */
function current(): Pending | null {
  const now = sessionStorage.getItem(USER);
  if (!isLoaded || user !== now) {
    isLoaded = true;
    user = now;
    unheard = loadUnheard();
    pending = load();
  }
  return pending;
}

function load(): Pending | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(placeOf('dial', user)) ?? 'null') as Pending | null;
    // The answer to a dial that was on its way went to the page before.
    return kept && { ...kept, repeats: kept.repeats ?? false, lostAt: kept.state === 'sending' ? Date.now() : kept.lostAt ?? null, reason: kept.reason ?? null };
  } catch { return null; }
}

function loadUnheard(): readonly Unheard[] {
  try {
    const kept = JSON.parse(sessionStorage.getItem(placeOf('unheard', user)) ?? '[]') as Unheard[];
    return stillUnheard(kept, Date.now()).filter(({ key, number }) => typeof key === 'string' && typeof number === 'string');
  } catch { return []; }
}

/** They outlive a reload. */
function keepUnheard(next: readonly Unheard[]) {
  unheard = next;
  const place = placeOf('unheard', user);
  try {
    if (next.length > 0) sessionStorage.setItem(place, JSON.stringify(next)); else sessionStorage.removeItem(place);
  } catch { /* Then they are known as long as the page. */ }
}

/** The desk has written down what became of a dial: nothing rings under its key any more. */
function heardOf(key: string) {
  if (unheard.some((one) => one.key === key)) keepUnheard(unheard.filter((one) => one.key !== key));
}

function set(next: Pending | null) {
  pending = next;
  const place = placeOf('dial', user);
  if (next) sessionStorage.setItem(place, JSON.stringify(next)); else sessionStorage.removeItem(place);
  watchers.forEach((watcher) => watcher());
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
};

export const usePending = () => useSyncExternalStore(watch, current);
export const forgetPending = () => set(null);
/** Whether a dial was accepted a while ago and nobody has told of its call. */
export const isSilent = ({ state, at: since }: Pending, now: number) => state === 'accepted' && now - since > SILENT_MS;

export interface Wish { number: string; name?: string | null; campaign?: string | null; did?: string | null; missedId?: string | null; leadId?: string | null }

/** Places a call. A second one while it is not known what becomes of the first is not sent. */
export async function dial({ number, name = null, campaign, did, missedId, leadId }: Wish): Promise<void> {
  const before = current();
  if (before && !hasOutcome(before)) return;
  const body = { number, ...(campaign ? { campaign } : {}), ...(did ? { did } : {}), ...(missedId ? { missedId } : {}), ...(leadId ? { leadId } : {}) };
  const now = Date.now();
  const again = keyFor(unheard, number, now);
  const key = again?.key ?? crypto.randomUUID();
  // From now on it may arrive at any time, whatever becomes of this page.
  keepUnheard(withUnheard(unheard, { key, number, at: now }, now));
  set({ key, repeats: again !== null, number, name, leadId: leadId ?? null, at: now, lostAt: null, state: 'sending', ucid: null, reference: null, problem: null, reason: null });
  posting = key;
  let head: KeyHead = { hasRow: false, isReplay: false };
  const hears = (headers: Headers) => { head = headOf(headers); };
  try {
    const placed = await post('/api/calls', body, { key, hears });
    if (!head.isReplay) update(key, { repeats: false });
    took(key, placed);
  } catch (error) {
    failed(key, error, head, again);
  } finally {
    if (posting === key) posting = null;
  }
}

/** Whether only the desk can say what became of it: its answer was lost, or went to a page that is no more. */
export const isOpen = ({ key, state }: Pending) => state === 'unknown' || (state === 'sending' && key !== posting);

/** Asks what became of a dial; it never dials again. A desk that knows of none was never asked. Else it is as it was. */
export async function resume(): Promise<null> {
  const open = current();
  if (!open || !isOpen(open)) return null;
  const { key, at: since, lostAt } = open;
  try {
    took(key, await get(at('/api/dials/{key}', { key })));
  } catch (error) {
    if (error instanceof Problem && error.status === 404 && Date.now() - (lostAt ?? since) > ARRIVES_MS) {
      update(key, { state: 'not_sent' });
    }
  }
  return null;
}

/** Asks for the call of a dial of which nobody has told: it may have been over before this page could hear of it, as that of a request before. */
export async function lookFor(): Promise<Call | null> {
  const sought = current();
  if (!sought || sought.state !== 'accepted' || !(sought.repeats || isSilent(sought, Date.now()))) return null;
  const { key, ucid } = sought;
  if (ucid !== null) return get(at('/api/calls/{ucid}', { ucid }));
  took(key, await get(at('/api/dials/{key}', { key })));
  return null;
}

/**
 * Follows the dial in the calls that the page knows: its call is told of, or had ended before the agent dialled, which is said.
 * A call to the number of one that may still arrive is perhaps that one: once the desk says so, the next dial is another.
 */
export async function follow(calls: readonly Call[]): Promise<void> {
  const now = current();
  const met = now && metBy(now, calls);
  if (met === 'there') set(null);
  if (now && met === 'over') tellThatItRang(now.key);
  const asks = stillUnheard(unheard, Date.now()).flatMap(({ key, number }) => {
    if (key === posting) return [];
    const call = calls.find((one) => isCallTo(number, one) && !asked.has(`${key} ${one.ucid}`));
    return call ? [isDialOf(key, call)] : [];
  });
  await Promise.all(asks);
}

async function isDialOf(key: string, { ucid }: Call) {
  const both = `${key} ${ucid}`;
  asked.add(both);
  try {
    await get(at('/api/dials/{key}', { key }));
    heardOf(key);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 404)) setTimeout(() => asked.delete(both), AGAIN_MS);
  }
}

/** The customer was rung by a request before, and nobody is now. */
export function tellThatItRang(key: string) {
  if (pending?.state !== 'happened') update(key, { state: 'happened' });
}

const STATES: Record<PlacedCall['state'], Pending['state']> = {
  sending: 'sending', accepted: 'accepted', refused: 'refused', invalid: 'refused', not_sent: 'not_sent', unknown: 'unknown', settled_happened: 'happened', settled_not_happened: 'not_sent',
};

/** What the desk's ledger says of a dial. */
function took(key: string, { ucid, reference, state }: Pick<PlacedCall, 'ucid' | 'reference' | 'state'>) {
  heardOf(key);
  update(key, { state: STATES[state], ucid, reference });
}

function failed(key: string, error: unknown, { hasRow }: KeyHead, before: Unheard | null) {
  const problem = error instanceof Problem ? error : null;
  const reference = typeof problem?.body['reference'] === 'string' ? problem.body['reference'] : null;
  const reason = typeof problem?.body['reason'] === 'string' ? problem.body['reason'] : null;
  // The request before has arrived, on another campaign: the desk is asked what became of that.
  const isUsed = reason === 'key_used';
  const isLost = isUsed || (problem?.mayHaveHappened ?? true);
  if (hasRow || isUsed) heardOf(key);
  // Written down nowhere, and answered: what may still arrive is the request before.
  else if (!isLost) keepUnheard(before ? withUnheard(unheard, before, Date.now()) : unheard.filter((one) => one.key !== key));
  update(key, { state: isLost ? 'unknown' : 'refused', lostAt: isLost ? Date.now() : null, reference, problem: isUsed ? null : problem?.body.message || null, reason: isUsed ? null : reason });
}

function update(key: string, change: Partial<Pending>) {
  if (pending?.key === key) set({ ...pending, ...change });
}

// What was on its way as this page was loaded was lost then.
current();
