import type { RangeFigures, TimeUse } from '../../api/types';

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
