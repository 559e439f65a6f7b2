/** Slots and appointments: what the page decides about them, pure. */
import type { Problem } from '../../api/problem';
import type { Appointment, Slot } from '../../api/types';
import { dayOf } from '../../words/time';

/** Why a slot cannot be chosen; `null` if it can. The slot of the appointment that is edited is its own. */
export function why({ id, taken, startsAt }: Slot, now: number, own: string | null): 'taken' | 'past' | null {
  if (startsAt <= now) return 'past';
  return taken && id !== own ? 'taken' : null;
}

/** The times around the lost one that came with a refusal because someone else was first; `null` if it was refused for another reason. */
export function freshSlots({ status, body }: Problem): Slot[] | null {
  const { slots } = body;
  return status === 409 && Array.isArray(slots) ? slots as Slot[] : null;
}

/** What became of a time that could not be had. */
export const lostBy = ({ body }: Problem): 'taken' | 'past' => body['reason'] === 'slot_past' ? 'past' : 'taken';

/** Those of one doctor's day. */
export function ofDay(slots: readonly Slot[], doctor: string, day: string): Slot[] {
  return slots.filter(({ doctorId, startsAt }) => doctorId === doctor && dayOf(startsAt) === day);
}

/** What is shown beside a call: what was booked in it, and what the customer has ahead. */
export function relevant(appointments: readonly Appointment[], ucid: string | null, now: number): Appointment[] {
  return appointments
    .filter((one) => (ucid !== null && one.ucid === ucid) || (one.state === 'booked' && one.endsAt > now))
    .sort((a, b) => a.startsAt - b.startsAt);
}

/** What a change of an appointment sends. Notes that were not touched are left out: there may be some that the page is not shown. */
export function changed({ version, notes: before }: Appointment, slotId: string, notes: string): { slotId: string; version: number; notes?: string } {
  return notes === (before ?? '') ? { slotId, version } : { slotId, version, notes };
}

export interface Person { leadId: string | null; number: string | null; ucid: string | null; name: string | null }

/** What a booking sends. Who is to come is the lead, unless another name was typed: a number may be a family's. */
export function booking({ leadId, number, ucid, name }: Person, slotId: string, notes: string, typed: string): { slotId: string; notes: string; leadId: string | null; number: string | null; ucid: string | null; name?: string } {
  const who = typed.trim();
  const isLead = leadId !== null && (who === '' || who === name?.trim());
  return { slotId, notes, leadId, number: leadId === null ? number : null, ucid, ...(who === '' || isLead ? {} : { name: who }) };
}

/** The code of the disposition that a booking suggests. */
export const BOOKED = 'APPOINTMENT_BOOKED';

/** The disposition to begin with: what was picked, else what a booking of this call suggests, if the list has it. */
export function suggested(picked: string | null, booked: boolean, choices: readonly { code: string }[]): string {
  if (picked !== null) return picked;
  return booked && choices.some(({ code }) => code === BOOKED) ? BOOKED : '';
}
