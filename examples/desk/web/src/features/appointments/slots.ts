/** Slots and appointments: what the page decides about them, pure. */
import type { Problem } from '../../api/problem';

export interface Slot { id: string; doctorId: string; startsAt: number; endsAt: number; taken: boolean }
export interface Appointment {
  id: string; leadId: string | null; name: string | null; number: string | null; doctorId: string; doctor: string; department: string; slotId: string;
  startsAt: number; endsAt: number; state: string; ucid?: string | null; notes?: string | null; version: number; bookedBy: string | null; bookedAt: number;
}

/** Why a slot cannot be chosen; `null` if it can. The slot of the appointment that is edited is its own. */
export function why({ id, taken, startsAt }: Slot, now: number, own: string | null): 'taken' | 'past' | null {
  if (startsAt <= now) return 'past';
  return taken && id !== own ? 'taken' : null;
}

/** The slots that came with a refusal because someone else was first; `null` if it was refused for another reason. */
export function freshSlots({ status, body }: Problem): Slot[] | null {
  const { slots } = body;
  return status === 409 && Array.isArray(slots) ? slots as Slot[] : null;
}

/** What is shown beside a call: what was booked in it, and what the customer has ahead. */
export function relevant(appointments: readonly Appointment[], ucid: string | null, now: number): Appointment[] {
  return appointments
    .filter((one) => (ucid !== null && one.ucid === ucid) || (one.state === 'booked' && one.endsAt > now))
    .sort((a, b) => a.startsAt - b.startsAt);
}

/** The code of the disposition that a booking suggests. */
export const BOOKED = 'APPOINTMENT_BOOKED';

/** The disposition to begin with: what was picked, else what a booking of this call suggests, if the list has it. */
export function suggested(picked: string | null, booked: boolean | undefined, choices: readonly { code: string }[]): string {
  if (picked !== null) return picked;
  return booked && choices.some(({ code }) => code === BOOKED) ? BOOKED : '';
}
