/** What belongs to a dial that this page waits for: pure. */
import type { Call } from '../../api/types';
import type { Words } from '../../words/words';
import { digitsOf } from '../desk/subject';

/** A dial from the click until its call is there, or something became of it. */
export interface Pending {
  key: string;
  /** What was asked for; `null` of a page that did not keep it. */
  wish: string | null;
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
  return call.direction === 'outbound' && call.phase !== 'after_call' && call.phase !== 'closed' && call.number !== null && digitsOf(call.number) === digitsOf(number);
}

/** Whether it is decided that no call of the dial is to be waited for, which is to be told. */
export const hasOutcome = ({ state }: Pick<Pending, 'state'>) => state === 'refused' || state === 'not_sent' || state === 'happened';

/** Why the desk did not place it: in the page's own words where it has them, else in the desk's. */
export const refusal = ({ reason, problem }: Pick<Pending, 'reason' | 'problem'>, words: Words): string | null => (reason === null ? undefined : words.call.refused[reason]) ?? problem;

/** A dial of which the desk knew nothing when it was asked: dialled again it has the same key, so that of two that arrive one rings. */
export interface Unheard { key: string; wish: string; at: number }

/** So long after it was sent a request may still come to the desk, however it was held up. */
const HELD_UP_MS = 130_000;
const MOST_UNHEARD = 8;

/** Those that may still arrive. */
export const stillUnheard = (all: readonly Unheard[], now: number) => all.filter(({ at }) => now - at < HELD_UP_MS);
/** These and one more, as it was sent last. */
export const withUnheard = (all: readonly Unheard[], one: Unheard, now: number) => [...stillUnheard(all, now).filter(({ key }) => key !== one.key), one].slice(-MOST_UNHEARD);

/** Refusals that the desk gives before it writes anything down: the first request may still be the one that rings. */
const UNWRITTEN_REASONS = ['in_a_call', 'claimed', 'outside_calling_hours', 'blocked_number', 'dial_open'];
export const isWritten = (status: number, reason: string | null) => ![401, 408, 503].includes(status) && (reason === null || !UNWRITTEN_REASONS.includes(reason));
