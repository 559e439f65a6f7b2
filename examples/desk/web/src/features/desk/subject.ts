/** Which of the agent's calls the card is about: pure. */
import type { Call } from '../../api/types';

const begun = (call: Call) => call.askedAt ?? call.ringingAt ?? call.answeredAt ?? 0;
const latest = (calls: readonly Call[]) => [...calls].sort((a, b) => begun(b) - begun(a))[0] ?? null;

const wantsOne = ({ wrapup, dial, can }: Call) => wrapup !== null && (wrapup.overrun || dial !== null) && can.dispose === null;

/** It was declined here, or rang out: the caller waits for someone else, or for it to ring here again. */
const ringsNoMore = ({ direction, phase, phone }: Call) => direction === 'inbound' && phase === 'ringing' && phone.leg === 'ended';

/**
 * A call that wants a disposition comes first, whatever else is going on; then the one with audio, then
 * one that rings. A call that is done stays until it was put aside (`back`), and so does one that the service closed
 * before the agent could say how it went: its time had run out, or a customer who was dialled did not answer.
 */
export function subjectOf(calls: readonly Call[], back: string | null): Call | null {
  const here = calls.filter((call) => !ringsNoMore(call));
  const of = (...phases: Call['phase'][]) => here.filter(({ phase }) => phases.includes(phase));
  return latest(of('after_call')) ?? latest(of('active')) ?? latest(of('ringing', 'calling'))
    ?? latest(of('closed').filter((call) => call.ucid !== back && (call.disposition !== null || wantsOne(call))));
}
