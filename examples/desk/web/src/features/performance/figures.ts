import type { RangeFigures, TimeUse } from '../../api/types';

/** Figures of which something was read; of days that were all never read there are none, and no zeros. */
export const readOf = <T extends { neverRead: readonly string[] }>(figures: T | undefined, days: number): T | null => (figures && figures.neverRead.length < days ? figures : null);

/** Records are read every few minutes: older ones are told apart. */
const OLD_MS = 15 * 60_000;
export const isOld = (readAt: number, now: number) => now - readAt > OLD_MS;

/** The service's sums; of today, which it sums up in the night, those of the states that it reported. */
export const timeUse = (figures: RangeFigures): TimeUse | null => figures.timeUtilization ?? figures.timeUseTodayFromStates ?? null;

/** `1:02:03` in seconds; none for what is no such text. */
export function seconds(text: string): number | null {
  const parts = text.split(':').map(Number);
  return parts.length === 3 && parts.every((part) => Number.isFinite(part)) ? (parts[0] ?? 0) * 3600 + (parts[1] ?? 0) * 60 + (parts[2] ?? 0) : null;
}

/** What the signed-in time went into. */
export function parts(use: TimeUse): [string, number][] {
  const all: [string, string][] = [['idle', use.totalIdleTime], ['talk', use.totalBusyTime], ['dial', use.totalDialTime], ['wrapup', use.totalWrapupTime], ['pause', use.totalPauseTime]];
  return all.flatMap(([name, text]) => { const sec = seconds(text); return sec === null || sec === 0 ? [] : [[name, sec] as [string, number]]; });
}
