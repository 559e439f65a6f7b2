/** Which of the agent's calls the card is about: pure. */
import { sameAgent } from '../../api/agents';
import type { Call } from '../../api/types';
import type { Leg } from '../../phone/machine';

/** A call as this agent has it; one that was handed on to a colleague as the own part, which is over. `null` if it is neither. */
export function callOf(call: Call, agent: string | null): Call | null {
  if (sameAgent(call.agent, agent)) return call;
  const { part } = call;
  if (!part || !sameAgent(part.agent, agent)) return null;
  const { phase, endedAt, wrapup, disposition, can } = part;
  return { ...call, agent: part.agent, phase, endedAt, wrapup, disposition, can, transferred: true };
}

/**
 * A call as it is given a disposition, for the agent who owes it: the own one with what was noted and said of it, another
 * agent's with nothing that was. What the record holds is the reader's own, or of who talked last.
 */
export function owedCall(call: Call, agent: string, own: string | null): Call {
  if (sameAgent(agent, own)) return callOf(call, agent) ?? { ...call, agent };
  return { ...call, agent, ids: [call.ucid], booked: false, notes: '', disposition: null, wrapup: null, part: null };
}

/** Whether the agent has the form of after-call work on the page for what is owed of a call. */
export const hasForm = (calls: readonly Call[], owed: { ucid: string; agent: string }) => calls.some((call) => call.ucid === owed.ucid && callOf(call, owed.agent)?.phase === 'after_call');

const begun = (call: Call) => call.askedAt ?? call.ringingAt ?? call.answeredAt ?? 0;
const latest = (calls: readonly Call[]) => [...calls].sort((a, b) => begun(b) - begun(a))[0] ?? null;
const named = (calls: readonly Call[], ucid: string | null) => (ucid === null ? undefined : calls.find(({ ids }) => ids.includes(ucid)));

const wantsOne = ({ wrapup, dial, can }: Call) => wrapup !== null && (wrapup.overrun || dial !== null) && can.dispose === null;

/** It was declined here, or rang out: the caller waits for someone else, or for it to ring here again. */
const ringsNoMore = ({ direction, phase, phone }: Call) => direction === 'inbound' && phase === 'ringing' && phone.leg === 'ended';

/** How a disposition ends that is not at the service and will not be: another one may be given. */
const BAD = ['refused', 'given_up', 'overtaken'];
export const isBad = (target: string, state: string) => target === 'service' && BAD.includes(state);
/** Whether one was given that ended so. */
export const wantsAnother = ({ disposition, can }: Call) => disposition !== null && can.dispose === null && isBad('service', disposition.targets['service'] ?? '');

/** Whether all is said of a call that is over: it gives way to whoever is chosen or dialled next. */
export const isDone = (call: Call) => (call.phase === 'after_call' || call.phase === 'closed') && call.disposition !== null && !wantsAnother(call);

/** The own part of a call that a colleague goes on with. */
const isPart = ({ agent, part }: Call) => part !== null && sameAgent(part.agent, agent);

/**
 * A call of which nothing was said comes first, whatever else is going on; then the one with audio, then
 * one that rings. The part of a call that was handed on comes after those: it may be owed for as long as the colleague
 * talks, and the next call needs its controls. A call that is done stays until it was put aside, whatever the service makes of what was said, and so
 * does one that the service closed before the agent could say how it went: its time had run out, or a customer who was
 * dialled did not answer. Of several calls that ring it is the one that `rings` names, the UCID of what the phone rings for:
 * that is what Accept answers.
 */
export function subjectOf(calls: readonly Call[], aside: ReadonlySet<string>, rings: string | null = null): Call | null {
  const here = calls.filter((call) => !ringsNoMore(call));
  const of = (...phases: Call['phase'][]) => here.filter(({ phase }) => phases.includes(phase));
  const unsaid = of('after_call').filter(({ disposition }) => disposition === null);
  return latest(unsaid.filter((call) => !isPart(call))) ?? latest(of('active')) ?? named(of('ringing', 'calling'), rings) ?? latest(of('ringing', 'calling')) ?? latest(unsaid)
    ?? latest(of('after_call', 'closed').filter((call) => !aside.has(call.ucid) && !call.ids.some((id) => aside.has(id)) && (call.disposition !== null || wantsOne(call))));
}

/** Whether it rings here and the card does not offer to pick it up: a colleague who asks has no call of this agent. */
export function ringsBeside(leg: Leg, shown: Call | null): boolean {
  if (leg.kind !== 'ringing' || leg.answer !== 'ask') return false;
  // What rings for an own dial may have an id of its own; a call that comes in has one.
  const isKnown = shown?.phase === 'active' || (shown?.phase === 'ringing' && shown.direction === 'inbound');
  if (isKnown) return leg.ucid !== null && !shown.ids.includes(leg.ucid);
  return shown?.phase !== 'calling' && shown?.phase !== 'ringing';
}

/** The call that goes with the agent to every page: the one that is up, else what rings or is being placed, else one of which nothing was said yet. */
export function barCall(calls: readonly Call[], rings: string | null = null): Call | null {
  const here = calls.filter((call) => !ringsNoMore(call));
  const of = (...phases: Call['phase'][]) => latest(here.filter(({ phase }) => phases.includes(phase)));
  const begins = here.filter(({ phase }) => phase === 'ringing' || phase === 'calling');
  return of('active') ?? named(begins, rings) ?? latest(begins) ?? latest(here.filter(({ phase, disposition }) => phase === 'after_call' && disposition === null));
}

/** What phones copy along with a number, and what people write between its digits: blanks, hyphens, points, brackets, a zero that is not dialled. */
const MARKS = /[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;
const BETWEEN = /\(0\)|[\s().\-\u2010-\u2013]/g;
/** Ten digits with whatever India's prefix looks like before them. */
const INDIAN = /^(?:\+?0|(?:\+|00)?910?)?([1-9]\d{9})$/;
/** Longer toll-free and shared-cost numbers of India, which look like numbers of country code 1. */
const SERVICE = /^(?:0|(?:\+|00)?91)?(1800\d{6,9}|1860\d{6,8})$/;
/** A country code and a number; platforms leave out the prefix. */
const ABROAD = /^(?:\+|00(?=[1-9]\d{6}))(\d+)$|^([1-9]\d{10,12})$/;

/** What all spellings of a number have in common, by the rules of the desk: India's ten digits, all digits of another country's; nothing for text that is no number. */
export function lineOf(number: string): string {
  const plain = number.replaceAll(MARKS, '').trim().replace(/^(\d+)\.00?$/, '$1').replaceAll(BETWEEN, '');
  if (!/^\+?\d+$/.test(plain)) return '';
  const own = INDIAN.exec(plain) ?? SERVICE.exec(plain);
  if (own) return own[1] ?? '';
  const abroad = ABROAD.exec(plain);
  return abroad ? `+${abroad[1] ?? abroad[2] ?? ''}` : plain;
}

/** Whether both are one number, however they are written. */
export const isSameNumber = (one: string, other: string) => lineOf(one) !== '' && lineOf(one) === lineOf(other);

/** Who somebody is to the page, before the call and in it: the number; a call without one is its own person. */
export const personOf = (who: { number: string | null } | null, call: Pick<Call, 'ucid'> | null): string => who?.number ? lineOf(who.number) || who.number : call?.ucid ?? '';
