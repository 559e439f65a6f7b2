/** The tone of each service level; a word always stands beside it. */
export const LEVEL_TONE = { ok: 'good', due: 'warning', late: 'bad' } as const;
