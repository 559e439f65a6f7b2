import { expect, test, vi } from 'vitest';
import type { FollowUp } from '../../src/api/types';

vi.mock('../../src/state', () => ({ useNow: () => 0 }));
const { newlyDue } = await import('../../src/features/follow-ups/due');

const promise = (id: string, dueAt: number, done = false) => ({ id, dueAt, done, name: null, number: null, text: '' }) as unknown as FollowUp;

test('a promise that falls due is told once, however often the page shows its list, and again once it was put off', () => {
  const all = [promise('a', 10), promise('b', 30), promise('c', 5, true)];
  const due = (list: readonly FollowUp[], now: number) => newlyDue(list, now).map(({ id }) => id);
  expect([due(all, 20), due(all, 20), due([...all], 40), due(all, 50)]).toEqual([['a'], [], ['b'], []]);
  expect([due([promise('a', 60)], 50), due([promise('a', 60)], 60)]).toEqual([[], ['a']]);
});
