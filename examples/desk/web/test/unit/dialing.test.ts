import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const get = vi.fn();
const post = vi.fn();
vi.mock('../../src/api/client', () => ({ at: (path: string, { key }: { key: string }) => path.replace('{key}', key), get: (path: string) => get(path), post: () => post() }));

const KEPT = { key: 'k', number: '9000000001', name: null, leadId: null, at: 0, state: 'sending', ucid: null, reference: null, problem: null };
const kept = new Map<string, string>();
const now = () => JSON.parse(kept.get('desk-dial') ?? 'null')?.state ?? null;
/** A page that is loaded, with what the one before it has kept. */
async function page(dial: object | null) {
  vi.resetModules();
  kept.clear();
  if (dial) kept.set('desk-dial', JSON.stringify(dial));
  return { ...await import('../../src/features/call/dialing'), ...await import('../../src/api/problem') };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 60_000 });
  get.mockReset();
  post.mockReset();
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key) });
});
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals(); });

test('a dial that was on its way when the page was loaded is asked for until it is decided', async () => {
  const { resume } = await page(KEPT);
  for (const state of ['sending', 'unknown', 'sending', 'refused']) {
    get.mockResolvedValueOnce({ ucid: null, reference: 'r', state });
    await resume();
    expect(now()).toBe(state);
  }
  await resume();
  expect(get).toHaveBeenCalledTimes(4);
});

test('a desk that cannot be asked says nothing of a dial', async () => {
  const { resume, unanswered } = await page(KEPT);
  get.mockRejectedValueOnce(unanswered(false));
  await resume();
  expect(now()).toBe('sending');
});

test('a dial that never left may be dialled again, once it cannot arrive any more', async () => {
  const { dial, resume, unanswered, Problem } = await page(null);
  post.mockRejectedValueOnce(unanswered(true));
  get.mockRejectedValue(new Problem({ status: 404, message: '', mayHaveHappened: false }));
  await dial({ number: '9000000001' });
  expect(now()).toBe('unknown');
  await resume();
  expect(now()).toBe('unknown');
  vi.advanceTimersByTime(5_000);
  await resume();
  expect(now()).toBe('not_sent');
});

test('a dial whose answer this page waits for is not asked for', async () => {
  const { dial, resume } = await page(null);
  let answer: (placed: object) => void = () => {};
  post.mockReturnValueOnce(new Promise((resolve) => { answer = resolve; }));
  const dialled = dial({ number: '9000000001' });
  vi.advanceTimersByTime(5_000);
  await resume();
  expect([now(), get.mock.calls.length]).toEqual(['sending', 0]);
  answer({ ucid: '7', reference: 'r', state: 'accepted' });
  await dialled;
  expect(now()).toBe('accepted');
});
