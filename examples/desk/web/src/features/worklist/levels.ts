import type { WorklistPage } from '../../api/types';

/** The tone of each service level; a word always stands beside it. */
export const LEVEL_TONE = { ok: 'good', due: 'warning', late: 'bad' } as const;

/** Levels change as time passes, and nobody tells: they are asked for so often. */
export const LEVELS_MS = 60_000;

/** A page with the time at which it was read: ages are of that time. */
export const readAt = (page: WorklistPage, at: number) => ({ ...page, at });

/** The entries of all pages, and since when each waits. */
export const waiting = (pages: readonly ReturnType<typeof readAt>[]) => pages.flatMap(({ entries, at }) => entries.map((entry) => ({ entry, since: at - entry.ageSec * 1000 })));
