/** Whose sound the phone has: pure. */
import { sameAgent } from '../../api/agents';
import type { Call } from '../../api/types';
import type { Leg } from '../../phone/machine';

/**
 * The call that is heard on this page's phone: the one that its leg names. A leg without a UCID can only be the one call
 * that the agent has. `null` where that is not known: the sound of one call never goes to another's transcript.
 */
export function heardCall(calls: readonly Call[], agent: string | null, leg: Leg): Call | null {
  if (leg.kind !== 'up') return null;
  const own = calls.filter((call) => sameAgent(call.agent, agent) && (call.phase === 'active' || call.phase === 'ringing' || call.phase === 'calling'));
  const [only, ...others] = leg.ucid === null ? own : own.filter(({ ids }) => ids.includes(leg.ucid as string));
  return only?.phase === 'active' && others.length === 0 ? only : null;
}
