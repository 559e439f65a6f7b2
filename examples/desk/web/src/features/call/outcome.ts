/** What belongs to a dial that this page waits for: pure. */
import type { Call } from '../../api/types';
import type { Words } from '../../words/words';
import { isSameNumber } from '../desk/subject';

/** A dial from the click until its call is there, or something became of it. */
export interface Pending {
  key: string;
  /** Its key was that of a request before: what the desk says may be of that one. */
  repeats: boolean;
  number: string;
  name: string | null;
  leadId: string | null;
  at: number;
  /** Since when only the desk can say what became of it. */
  lostAt: number | null;
  state: 'sending' | 'accepted' | 'refused' | 'not_sent' | 'unknown' | 'happened';
  ucid: string | null;
  reference: string | null;
  problem: string | null;
  /** The desk's word for why it was refused. */
  reason: string | null;
}

/** Whether a call is the one that was dialled, or that one has become part of it. Before its id is known, its reference says so, or the number that was dialled. */
export function belongsTo({ ucid, reference, number }: Pick<Pending, 'ucid' | 'reference' | 'number'>, call: Call): boolean {
  if (ucid !== null) return call.ucid === ucid || call.ids.includes(ucid);
  if (reference !== null && call.dial !== null) return call.dial.reference === reference;
  return call.direction === 'outbound' && call.phase !== 'after_call' && call.phase !== 'closed' && call.number !== null && isSameNumber(call.number, number);
}

/** Whether it is decided that no call of the dial is to be waited for, which is to be told. */
export const hasOutcome = ({ state }: Pick<Pending, 'state'>) => state === 'refused' || state === 'not_sent' || state === 'happened';

/** Why the desk did not place it: in the page's own words where it has them, else in the desk's. */
export const refusal = ({ reason, problem }: Pick<Pending, 'reason' | 'problem'>, words: Words): string | null => (reason === null ? undefined : words.call.refused[reason]) ?? problem;

/** A dial of which it is not known that the desk has it written down: its request may still arrive. `at` is when it was sent last. */
export interface Unheard { key: string; number: string; at: number }

/** So long after it was sent a request may still come to the desk, however it was held up. */
const HELD_UP_MS = 130_000;
const MOST_UNHEARD = 8;

/** Those that may still arrive. */
export const stillUnheard = (all: readonly Unheard[], now: number) => all.filter(({ at }) => now - at < HELD_UP_MS);
/** These and one more, as it was sent last. */
export const withUnheard = (all: readonly Unheard[], one: Unheard, now: number) => [...stillUnheard(all, now).filter(({ key }) => key !== one.key), one].slice(-MOST_UNHEARD);

/**
 * The request to the number that may still arrive: a dial to it takes its key, from wherever on the page it is
 * asked for and however the number is written, so that of two requests that arrive one rings.
 */
export const keyFor = (all: readonly Unheard[], number: string, now: number): Unheard | null => stillUnheard(all, now).find((one) => isSameNumber(one.number, number)) ?? null;

/** Whether a call may be what became of a dial to the number. */
export const isCallTo = (number: string, call: Call) => call.direction === 'outbound' && call.number !== null && isSameNumber(call.number, number);

/** What the head of an answer to a dial says of its key: a row of the ledger stands for it; the answer is that of a request before. */
export interface KeyHead { hasRow: boolean; isReplay: boolean }
/** A desk of a version that names no row says at least which answer it has given before. */
export const headOf = (headers: Headers): KeyHead => {
  const isReplay = headers.get('idempotent-replayed') === 'true';
  return { hasRow: isReplay || headers.has('desk-dial'), isReplay };
};

const goesOn = ({ phase }: Call) => phase !== 'after_call' && phase !== 'closed';

/**
 * What the calls that the page knows say of a dial that it waits for. `there`: its call is told of, and the dial need not be
 * shown. `over`: the call is what became of a request before, and had ended as the agent dialled: nothing rings now, which
 * is to be told.
 */
export function metBy(pending: Pick<Pending, 'ucid' | 'reference' | 'number' | 'state' | 'repeats'>, calls: readonly Call[]): 'waits' | 'there' | 'over' {
  const own = calls.filter((call) => belongsTo(pending, call));
  if (own.length === 0) return 'waits';
  if (!pending.repeats || own.some(goesOn)) return 'there';
  if (pending.state === 'accepted' || pending.state === 'happened') return 'over';
  return hasOutcome(pending) ? 'there' : 'waits';
}
