/** What belongs to a dial that this page waits for: pure. */
import type { Call } from '../../api/types';
import { digitsOf } from '../desk/subject';
import type { Pending } from './dialing';

/** Whether a call is the one that was dialled, or that one has become part of it. Before its id is known, its reference says so, or the number that was dialled. */
export function belongsTo({ ucid, reference, number }: Pick<Pending, 'ucid' | 'reference' | 'number'>, call: Call): boolean {
  if (ucid !== null) return call.ucid === ucid || call.ids.includes(ucid);
  if (reference !== null && call.dial !== null) return call.dial.reference === reference;
  return call.direction === 'outbound' && call.phase !== 'after_call' && call.phase !== 'closed' && call.number !== null && digitsOf(call.number) === digitsOf(number);
}

/** Whether it is decided that no call of the dial is to be waited for, which is to be told. */
export const hasOutcome = ({ state }: Pick<Pending, 'state'>) => state === 'refused' || state === 'not_sent' || state === 'happened';
