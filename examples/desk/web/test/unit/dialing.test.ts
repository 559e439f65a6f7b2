import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { call } from './calls';

const get = vi.fn();
const post = vi.fn();
vi.mock('../../src/api/client', () => ({ at: (path: string, { key, ucid }: { key?: string; ucid?: string }) => path.replace('{key}', key ?? '').replace('{ucid}', ucid ?? ''), get: (path: string) => get(path), post: (...asked: unknown[]) => post(...asked) }));

const PLACED = { ucid: '7', reference: 'r', state: 'accepted' };
const KEPT = { key: 'k', number: '9000000001', name: null, leadId: null, at: 0, state: 'sending', ucid: null, reference: null, problem: null };
const kept = new Map<string, string>();
const dialled = () => JSON.parse(kept.get('desk-dial') ?? 'null');
const now = () => dialled()?.state ?? null;
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

test('nor does one that has to know first who asks', async () => {
  const { resume, Problem } = await page({ ...KEPT, state: 'unknown' });
  vi.advanceTimersByTime(5_000);
  get.mockRejectedValueOnce(new Problem({ status: 401, message: '', mayHaveHappened: false, reason: 'other_user' }));
  await resume();
  expect(now()).toBe('unknown');
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

test('one whose answer was lost late may still arrive for a while: it counts from the loss', async () => {
  const { dial, resume, unanswered, Problem } = await page(null);
  let lose: (problem: Error) => void = () => {};
  post.mockReturnValueOnce(new Promise((_, reject) => { lose = reject; }));
  get.mockRejectedValue(new Problem({ status: 404, message: '', mayHaveHappened: false }));
  const asked = dial({ number: '9000000001' });
  vi.advanceTimersByTime(10_000);
  lose(unanswered(true));
  await asked;
  for (const [passed, state] of [[0, 'unknown'], [2_900, 'unknown'], [200, 'not_sent']] as const) {
    vi.advanceTimersByTime(passed);
    await resume();
    expect([passed, now()]).toEqual([passed, state]);
  }
});

test('and from the load of the page, if the answer went to the one before', async () => {
  const { resume, Problem } = await page(KEPT);
  get.mockRejectedValue(new Problem({ status: 404, message: '', mayHaveHappened: false }));
  await resume();
  expect(now()).toBe('sending');
  vi.advanceTimersByTime(3_100);
  await resume();
  expect(now()).toBe('not_sent');
});

test('no other is placed while it is not known what becomes of one', async () => {
  const { dial, Problem } = await page(null);
  post.mockRejectedValueOnce(new Problem({ status: 504, message: '', mayHaveHappened: true, reference: 'r1' }));
  await dial({ number: '9000000001' });
  await dial({ number: '9000000002' });
  expect([dialled().number, now(), dialled().reference, post.mock.calls.length]).toEqual(['9000000001', 'unknown', 'r1', 1]);
  const accepted = await page({ ...KEPT, state: 'accepted', ucid: '7' });
  await accepted.dial({ number: '9000000002' });
  expect([now(), dialled().number, post.mock.calls.length]).toEqual(['accepted', '9000000001', 1]);
  for (const state of ['refused', 'not_sent', 'happened']) {
    post.mockReset();
    post.mockResolvedValueOnce(PLACED);
    const over = await page({ ...KEPT, state });
    await over.dial({ number: '9000000002' });
    expect([state, now(), dialled().number, post.mock.calls.length]).toEqual([state, 'accepted', '9000000002', 1]);
  }
});

test('one that the desk refuses for another open dial says so by the desk’s word and the other’s reference', async () => {
  const { dial, Problem } = await page(null);
  post.mockRejectedValueOnce(new Problem({ status: 409, message: 'the agent has an open dial: 7', mayHaveHappened: false, reason: 'dial_open', reference: 'r1' }));
  await dial({ number: '9000000001' });
  expect(dialled()).toMatchObject({ state: 'refused', reason: 'dial_open', reference: 'r1', lostAt: null });
});

test('an accepted one whose call is not told of is looked for after a while, by its id or by its key', async () => {
  const { lookFor, isSilent } = await page({ ...KEPT, at: 60_000, state: 'accepted', ucid: '7' });
  vi.advanceTimersByTime(30_000);
  expect([await lookFor(), get.mock.calls.length]).toEqual([null, 0]);
  vi.advanceTimersByTime(1_000);
  const closed = call({ ucid: '7', phase: 'closed' });
  get.mockResolvedValueOnce(closed);
  expect([await lookFor(), get.mock.calls]).toEqual([closed, [['/api/calls/7']]]);
  expect([isSilent({ ...dialled(), state: 'unknown' }, Date.now()), isSilent(dialled(), Date.now())]).toEqual([false, true]);
  get.mockReset();
  const nameless = await page({ ...KEPT, state: 'accepted' });
  get.mockResolvedValueOnce({ ucid: '8', reference: 'r', state: 'accepted' });
  expect([await nameless.lookFor(), get.mock.calls, dialled().ucid]).toEqual([null, [['/api/dials/k']], '8']);
});

test('no call is placed by a page that is out of date, in a call, while another is open, or without a microphone', async () => {
  vi.doMock('../../src/state', () => ({}));
  vi.doMock('../../src/words/words', () => ({}));
  const { dialBlock } = await import('../../src/features/call/placing');
  const { START } = await import('../../src/phone/machine');
  const free = { stale: null, busy: false, pending: null, phone: START, ownership: 'here' as const };
  const pending = (state: string) => ({ ...KEPT, lostAt: null, reason: null, state }) as never;
  const phone = (microphone: string) => ({ ...START, microphone }) as typeof START;
  expect([free, { ...free, stale: 'stale' as const, busy: true }, { ...free, busy: true }].map(dialBlock)).toEqual([null, 'stale', 'in_a_call']);
  expect(['sending', 'accepted', 'unknown', 'refused', 'not_sent', 'happened'].map((state) => dialBlock({ ...free, pending: pending(state) }))).toEqual(['dial_open', 'dial_open', 'dial_open', null, null, null]);
  expect(['unasked', 'ready', 'missing', 'forbidden'].map((state) => dialBlock({ ...free, phone: phone(state) }))).toEqual([null, null, 'microphone_missing', 'microphone_forbidden']);
  expect(dialBlock({ ...free, phone: phone('missing'), ownership: 'elsewhere' })).toBeNull();
});

test('one of which the desk knew nothing is dialled again under its key, for as long as it may still arrive', async () => {
  const { dial, resume, forgetPending, unanswered, Problem } = await page(null);
  const keys = () => post.mock.calls.map(([, , { key }]) => key as string);
  const lost = async (number: string) => {
    post.mockRejectedValueOnce(unanswered(true));
    await dial({ number, campaign: 'c' });
    vi.advanceTimersByTime(5_000);
    get.mockRejectedValueOnce(new Problem({ status: 404, message: '', mayHaveHappened: false }));
    await resume();
    expect(now()).toBe('not_sent');
    forgetPending();
  };
  await lost('9000000001');
  post.mockResolvedValue({ ...PLACED, state: 'refused' });
  await dial({ number: '9000000002', campaign: 'c' });
  await dial({ number: '9000000001' });
  await dial({ number: '9000000001', campaign: 'c' });
  await dial({ number: '9000000001', campaign: 'c' });
  const [first, ...later] = keys();
  expect(later.map((key) => key === first)).toEqual([false, false, true, false]);
  post.mockReset();
  await lost('9000000003');
  vi.advanceTimersByTime(130_000);
  await dial({ number: '9000000003', campaign: 'c' });
  expect(new Set(keys()).size).toBe(2);
});
