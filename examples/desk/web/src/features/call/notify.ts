import { useEffect, useRef } from 'react';
import type { Call } from '../../api/types';
import type { Leg } from '../../phone/machine';
import { usePhone } from '../../state';
import { useWords } from '../../words/words';
import { usePending } from './dialing';
import { hasOutcome } from './outcome';

/** Something that rings, for a call that comes in or for the own dial. Its number is on no lock screen. */
export interface Ring { tag: string; kind: 'in' | 'own'; name: string | null }

/**
 * What rings and was not told yet; from now on it was. The phone may ring before the desk has a call for it, and for a
 * colleague it never has one; a call that then comes for the same ring is no other. Nor is a call that rings here again under
 * its id: each call is told once.
 */
export function newRings(calls: readonly Call[], leg: Leg, dials: boolean, told: Set<string>): Ring[] {
  const rings: Ring[] = [];
  const asks = leg.kind === 'ringing' && leg.answer === 'ask' ? leg : null;
  const comesIn = calls.filter(({ direction, phase }) => direction === 'inbound' && phase === 'ringing');
  for (const call of comesIn) {
    const isTold = [call.ucid, ...call.ids].some((id) => told.has(id)) || (asks !== null && asks.ucid === null && told.has(asks.session));
    told.add(call.ucid);
    if (!isTold) rings.push({ tag: call.ucid, kind: 'in', name: call.lead?.name ?? null });
  }
  if (asks === null) return rings;
  const { ucid, session } = asks;
  const isCall = comesIn.some(({ ids, ucid: of }) => ucid === null || of === ucid || ids.includes(ucid));
  const isTold = isCall || told.has(session) || (ucid !== null && told.has(ucid));
  told.add(session);
  if (ucid !== null) told.add(ucid);
  if (isTold) return rings;
  const own = calls.find(({ direction, phase }) => direction === 'outbound' && (phase === 'calling' || phase === 'ringing'));
  return [...rings, { tag: ucid ?? session, kind: dials || own ? 'own' : 'in', name: own?.lead?.name ?? null }];
}

/** A desktop notification for what rings while the page is hidden. One for each. */
export function useLeaveUnheard(calls: readonly Call[]) {
  const words = useWords();
  const { leg } = usePhone();
  const pending = usePending();
  const dials = pending !== null && !hasOutcome(pending);
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const { tag, kind, name } of newRings(calls, leg, dials, told.current)) {
      if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') continue;
      const shown = new Notification(kind === 'own' ? words.call.pickUp : words.call.ringingIn, { body: name ?? words.unknownName, tag });
      shown.onclick = () => { window.focus(); shown.close(); };
    }
  }, [calls, leg, dials, words]);
}
