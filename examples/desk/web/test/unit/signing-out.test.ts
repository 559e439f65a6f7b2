import { beforeEach, expect, test, vi } from 'vitest';
import { Problem, unanswered } from '../../src/api/problem';

const remove = vi.fn();
vi.mock('../../src/api/client', async () => ({ ...await import('../../src/api/problem'), remove: (path: string) => remove(path) }));
const { endSession } = await import('../../src/features/shell/signing-out');

const refused = (status: number, more = {}) => new Problem({ status, message: '', mayHaveHappened: false, ...more });
beforeEach(() => { remove.mockReset(); });

test('who signs out again after the answer was lost is signed out', async () => {
  remove.mockRejectedValueOnce(unanswered(true)).mockRejectedValueOnce(refused(401)).mockResolvedValueOnce(null);
  await expect(endSession()).rejects.toMatchObject({ status: 0 });
  await expect(endSession()).resolves.toBeUndefined();
  await expect(endSession()).resolves.toBeUndefined();
  expect(remove.mock.calls).toEqual(Array(3).fill(['/api/session']));
});

test('who is refused for another reason is not, nor is who would end the session of somebody else', async () => {
  for (const problem of [refused(403), refused(503), refused(401, { reason: 'other_user' })]) {
    remove.mockRejectedValueOnce(problem);
    await expect(endSession()).rejects.toBe(problem);
  }
});
