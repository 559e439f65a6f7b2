/**
 * The phone of this tab: a SIP registration and at most one session with audio. Pure.
 * It knows nothing of calls at the service; the desk's record of a call is another thing, joined by its UCID.
 */
import type { Answer } from '../api/types';

export type { Answer };
/** `failed`: it could not even be started. */
export type Registration = 'off' | 'connecting' | 'registered' | 'refused' | 'failed';

export interface Ringing { kind: 'ringing'; session: string; ucid: string | null; caller: string | null; answer: Answer | null }
export interface Up { kind: 'up'; session: string; ucid: string | null; caller: string | null; muted: boolean }
export type Leg = { kind: 'idle' } | Ringing | Up | { kind: 'lost'; ucid: string | null };

export interface Phone { registration: Registration; leg: Leg; microphone: 'unasked' | 'ready' | 'missing' | 'forbidden' }

export type PhoneFact =
  | { is: 'connecting' | 'registered' | 'unregistered' | 'refused' | 'failed' }
  | { is: 'microphone'; state: Phone['microphone'] }
  | { is: 'invited'; session: string; ucid: string | null; caller: string | null }
  | { is: 'decided'; session: string; answer: Answer }
  | { is: 'up' | 'ended'; session: string }
  | { is: 'muted'; session: string; on: boolean }
  | { is: 'device_lost' };

export const START: Phone = { registration: 'off', leg: { kind: 'idle' }, microphone: 'unasked' };

/** The next state. A fact about another session than the current one changes nothing. */
export function next(phone: Phone, fact: PhoneFact): Phone {
  switch (fact.is) {
    case 'connecting': return { ...phone, registration: phone.registration === 'registered' ? 'registered' : 'connecting' };
    case 'registered': return { ...phone, registration: 'registered' };
    case 'unregistered': return { ...phone, registration: 'off' };
    case 'refused': return { ...phone, registration: 'refused' };
    case 'failed': return { ...phone, registration: 'failed' };
    case 'microphone': return { ...phone, microphone: fact.state };
    case 'invited':
      if (phone.leg.kind === 'ringing' || phone.leg.kind === 'up') return phone;
      return { ...phone, leg: { kind: 'ringing', session: fact.session, ucid: fact.ucid, caller: fact.caller, answer: null } };
    case 'decided': {
      const { leg } = phone;
      return leg.kind === 'ringing' && leg.session === fact.session ? { ...phone, leg: { ...leg, answer: fact.answer } } : phone;
    }
    case 'up': {
      const { leg } = phone;
      if (leg.kind !== 'ringing' || leg.session !== fact.session) return phone;
      return { ...phone, leg: { kind: 'up', session: leg.session, ucid: leg.ucid, caller: leg.caller, muted: false } };
    }
    case 'muted': {
      const { leg } = phone;
      return leg.kind === 'up' && leg.session === fact.session ? { ...phone, leg: { ...leg, muted: fact.on } } : phone;
    }
    case 'ended': {
      const { leg } = phone;
      return (leg.kind === 'ringing' || leg.kind === 'up') && leg.session === fact.session ? { ...phone, leg: { kind: 'idle' } } : phone;
    }
    case 'device_lost': {
      const { leg } = phone;
      return leg.kind === 'up' ? { ...phone, leg: { kind: 'lost', ucid: leg.ucid }, microphone: 'missing' } : { ...phone, microphone: 'missing' };
    }
  }
}
