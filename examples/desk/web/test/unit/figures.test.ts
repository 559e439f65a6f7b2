import { expect, test, vi } from 'vitest';
import { drawn, textOf } from './render';

const NOW = Date.parse('2026-11-24T10:00:00Z');
vi.mock('../../src/state', () => ({
  useMe: () => ({ data: { agents: ['agent01'] } }), useNow: () => NOW, useStale: () => null, useCalls: () => [], useAgents: () => [], useInCall: () => false, useOutdated: () => false,
}));
const { KEYS } = await import('../../src/live/cache');
const { default: Wallboard } = await import('../../src/features/wallboard/Wallboard');
const { default: Performance } = await import('../../src/features/performance/Performance');
const { isOld, readOf } = await import('../../src/features/performance/figures');
const { dayOf, timeOfDay } = await import('../../src/words/time');

const TODAY = dayOf(NOW);
const figures = (total: number) => ({ calls: { total, answered: total, inbound: 0, outbound: total }, appointmentsBooked: 0, handlingMeanSec: 0, conversionRate: 0, dispositions: {} });
const wallboard = (total: number, neverRead: string[], readAt: number | null) => textOf(drawn(Wallboard, {}, [[[...KEYS.performance, 'team', TODAY], { total: figures(total), agents: [], neverRead, readAt, timeUtilizationDays: 0 }], [KEYS.missed, { missed: [], more: false }]]));

test('a day that was never read has no figures on the wallboard, and that is said', () => {
  const unread = wallboard(0, [TODAY], null);
  expect(unread).toContain('|Calls today|–|Answered|–|Booked|–|');
  expect(unread).toContain('Today’s records were not read yet, so there are no figures of calls.');
  const none = wallboard(0, [], NOW);
  expect(none).toContain('|Calls today|0|Answered|0|Booked|0|');
  expect(none).not.toContain('not read yet');
});

test('the wallboard says when its figures were read', () => {
  expect(wallboard(3, [], NOW - 240_000)).toContain(`|Records read at ${timeOfDay(NOW - 240_000)}, 4 min ago|`);
  expect([isOld(NOW - 15 * 60_000, NOW), isOld(NOW - 15 * 60_000 - 1, NOW)]).toEqual([false, true]);
});

test('nor are own figures zeros, but for the time that the states tell', () => {
  const time = { totalLoginDuration: '01:02:03', totalIdleTime: '00:00:00', totalBusyTime: '00:00:00', totalDialTime: '00:00:00', totalWrapupTime: '00:00:00', totalPauseTime: '00:00:00' };
  const range = { from: TODAY, to: TODAY };
  const own = (neverRead: string[], readAt: number | null) => textOf(drawn(Performance, {}, [[[...KEYS.performance, 'agent01', range], { ...figures(0), ...range, agents: null, neverRead, readAt, timeUtilization: null, timeUseTodayFromStates: time, timeUtilizationDays: 0 }]]));
  const unread = own([TODAY], null);
  expect([/\|Calls\|([^|]*)\|/.exec(unread)?.[1], /\|Booked\|([^|]*)\|/.exec(unread)?.[1], /\|Signed in\|([^|]*)\|/.exec(unread)?.[1]]).toEqual(['–', '–', '1:02:03']);
  const read = own([], NOW);
  expect([/\|Calls\|([^|]*)\|/.exec(read)?.[1], read.includes('|Records read at ')]).toEqual(['0', true]);
});

test('of some days that were read there are figures, and of none there are none', () => {
  expect([readOf({ neverRead: ['a'] }, 7), readOf({ neverRead: ['a'] }, 1), readOf(undefined, 1)]).toEqual([{ neverRead: ['a'] }, null, null]);
});
