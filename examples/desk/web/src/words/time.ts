/** Dates, durations and numbers, in the account's zone. Pure but for `Intl`. */
import type { Words } from './words';

let zone = 'Asia/Kolkata';
let shift = 0;
let locale: string | undefined;
/** The account's zone, as the desk says: a name, or an offset, which not every browser takes for a zone. */
export function inZone(name: string) {
  const offset = /^([+-])(\d\d):(\d\d)$/.exec(name);
  zone = offset ? 'UTC' : name;
  shift = offset ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000 : 0;
}
/** Dates and numbers in the words of a language; of this browser, if none is chosen. */
export function inLocale(name: string | undefined) { locale = name; }

const two = (n: number) => String(n).padStart(2, '0');

/** `00:42`, `1:02:09`. */
export function clock(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** `4 min`, `2 h`, `3 d`. */
export function span(ms: number, words: Words): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} ${words.time.s}`;
  if (s < 3600) return `${Math.floor(s / 60)} ${words.time.min}`;
  if (s < 86_400) return `${Math.floor(s / 3600)} ${words.time.h}`;
  return `${Math.floor(s / 86_400)} ${words.time.d}`;
}

/** `4 min ago`; what was within the last minute is just now. */
export function ago(ms: number, words: Words): string {
  return ms < 60_000 ? words.time.now : words.time.ago(span(ms, words));
}

export function timeOfDay(ms: number): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(ms + shift);
}

export function dateAndTime(ms: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone: zone }).format(ms + shift);
}

/** `24 Nov, 20:28`: for lists. */
export function dayAndTime(ms: number): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(ms + shift);
}

export function weekday(day: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(Date.parse(`${day}T00:00:00Z`));
}

/** The account's day of a moment, `YYYY-MM-DD`. */
export function dayOf(ms: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms + shift);
}

/** The moment at which a clock in the account's zone shows `YYYY-MM-DDTHH:MM`. */
export function momentOf(text: string): number {
  const wished = Date.parse(`${text}:00Z`);
  const shownAt = (ms: number) => {
    const parts = Object.fromEntries(new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).formatToParts(ms + shift).map(({ type, value }) => [type, value]));
    return Date.parse(`${parts['year']}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}:00Z`);
  };
  // The offset there, then once more: near a change of the clocks the first one is the other side's.
  const once = wished - (shownAt(wished) - wished);
  return once - (shownAt(once) - wished);
}

/** Days before a day, `YYYY-MM-DD`. */
export function daysBefore(day: string, n: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - n * 86_400_000).toISOString().slice(0, 10);
}

/** A telephone number in groups, for the eye: `90000 00001`, whether or not it comes with the trunk's zero. */
export function grouped(number: string): string {
  const found = /^0?(\d{5})(\d{5})$/.exec(number);
  return found ? `${found[1]} ${found[2]}` : number;
}
