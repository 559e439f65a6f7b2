import { beforeEach, expect, test, vi } from 'vitest';
import { adding } from '../../src/features/follow-ups/adding';
import { Problem, unanswered } from '../../src/api/problem';

const post = vi.hoisted(() => vi.fn());
vi.mock('../../src/api/client', () => ({ post }));

const WISH = { dueAt: 1, number: '9000000001', text: 'the price list', call: '1' };
const keys = () => post.mock.calls.map(([, , { key }]) => key as string);

beforeEach(() => { post.mockReset(); });

test('a follow-up whose answer was lost is asked for again under the same key', async () => {
  const add = adding();
  for (const problem of [unanswered(true), new Problem({ status: 502, message: '', mayHaveHappened: true })]) {
    post.mockRejectedValueOnce(problem);
    await expect(add(WISH)).rejects.toBe(problem);
  }
  await add(WISH);
  expect(post.mock.calls[2]).toEqual(['/api/follow-ups', WISH, { key: keys()[0] }]);
  expect(new Set(keys()).size).toBe(1);
});

test('the next one has another key, and so has another form', async () => {
  const add = adding();
  await add(WISH);
  await add(WISH);
  await adding()(WISH);
  expect(new Set(keys()).size).toBe(3);
});

test('what was changed after it was added is said, and is another one from then on', async () => {
  const add = adding();
  const used = new Problem({ status: 422, message: '', mayHaveHappened: false, reason: 'key_used' });
  post.mockRejectedValueOnce(unanswered(true)).mockRejectedValueOnce(used);
  await expect(add(WISH)).rejects.toBeInstanceOf(Problem);
  await expect(add({ ...WISH, text: 'a brochure' })).rejects.toBe(used);
  await add({ ...WISH, text: 'a brochure' });
  expect(keys()[1]).toBe(keys()[0]);
  expect(keys()[2]).not.toBe(keys()[0]);
});
