/** Dates, durations and numbers, in the account's zone. Pure but for `Intl`. */
import type { Words } from './words';

let zone = 'Asia/Kolkata';
/** The account's zone, as the desk says. */
export function useZone(name: string) { zone = name; }

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

export function timeOfDay(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false, timeZone: zone }).format(ms);
}

export function dateAndTime(ms: number, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: zone }).format(ms);
}

export function weekday(day: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(Date.parse(`${day}T00:00:00Z`));
}

/** The account's day of a moment, `YYYY-MM-DD`. */
export function dayOf(ms: number): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms);
}

/** Days before a day, `YYYY-MM-DD`. */
export function daysBefore(day: string, n: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - n * 86_400_000).toISOString().slice(0, 10);
}

/** A telephone number in groups, for the eye: `90000 00001`. */
export function grouped(number: string): string {
  return /^\d{10}$/.test(number) ? `${number.slice(0, 5)} ${number.slice(5)}` : number;
}
