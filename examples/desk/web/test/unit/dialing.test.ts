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
const keys = () => post.mock.calls.map(([, , { key }]) => key as string);
/** A page that is loaded, with what the one before it has kept. */
async function page(dial: object | null) {
  kept.clear();
  if (dial) kept.set('desk-dial', JSON.stringify(dial));
  return reload();
}
/** The same tab, loaded anew. */
async function reload() {
  vi.resetModules();
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

test('each user of the tab has dials of their own, whenever this part was loaded', async () => {
  kept.set('desk-user', 'u1');
  const on = await reload();
  post.mockRejectedValueOnce(on.unanswered(true));
  await on.dial({ number: '9000000001' });
  const [first] = keys();
  kept.set('desk-user', 'u2');
  post.mockResolvedValueOnce(PLACED);
  expect([await on.resume(), get.mock.calls.length]).toEqual([null, 0]);
  await on.dial({ number: '9000000001' });
  expect([keys()[1] === first, JSON.parse(kept.get('desk-dial:u1') ?? '').state, JSON.parse(kept.get('desk-dial:u2') ?? '').state]).toEqual([false, 'unknown', 'accepted']);
  kept.set('desk-user', 'u1');
  get.mockResolvedValueOnce({ ...PLACED, state: 'refused' });
  await on.resume();
  expect([JSON.parse(kept.get('desk-dial:u1') ?? '').state, get.mock.calls]).toEqual(['refused', [[`/api/dials/${first}`]]]);
  kept.clear();
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

type Dialling = Awaited<ReturnType<typeof reload>>;
/** The desk is asked what became of the dial, and knows of none. */
async function unknownToTheDesk({ resume, Problem }: Dialling) {
  vi.advanceTimersByTime(5_000);
  get.mockRejectedValueOnce(new Problem({ status: 404, message: '', mayHaveHappened: false }));
  await resume();
  expect(now()).toBe('not_sent');
}
/** A dial whose request is held up somewhere. */
async function lost(on: Dialling, number: string, campaign = 'c') {
  post.mockRejectedValueOnce(on.unanswered(true));
  await on.dial({ number, campaign });
  await unknownToTheDesk(on);
  on.forgetPending();
}

test('one of which the desk knew nothing is dialled again under its key, for as long as it may still arrive', async () => {
  for (const wish of [{ number: '9000000001' }, { number: '+91 90000-00001', missedId: 'm', leadId: 'l' }, { number: '09000000001', campaign: 'c', did: '918000000001' }]) {
    const one = await page(null);
    post.mockReset();
    await lost(one, '9000000001');
    post.mockResolvedValue({ ...PLACED, state: 'refused' });
    await one.dial({ number: '9000000002', campaign: 'c' });
    await one.dial(wish);
    await one.dial(wish);
    const [first, ...later] = keys();
    expect([wish, later.map((key) => key === first), kept.has('desk-unheard')]).toEqual([wish, [false, true, false], false]);
  }
  const on = await page(null);
  post.mockReset();
  await lost(on, '9000000003');
  vi.advanceTimersByTime(124_999);
  expect(kept.has('desk-unheard')).toBe(true);
  vi.advanceTimersByTime(1);
  post.mockResolvedValueOnce(PLACED);
  await on.dial({ number: '9000000003', campaign: 'c' });
  expect([new Set(keys()).size, kept.has('desk-unheard')]).toEqual([2, false]);
});

test('that holds over a reload, before the desk was asked or after it', async () => {
  const first = await page(null);
  post.mockReturnValueOnce(new Promise(() => {}));
  void first.dial({ number: '9000000001', campaign: 'c' });
  const second = await reload();
  expect(now()).toBe('sending');
  await unknownToTheDesk(second);
  const third = await reload();
  third.forgetPending();
  post.mockResolvedValueOnce(PLACED);
  await third.dial({ number: '9000000001', campaign: 'c' });
  const [one, again] = keys();
  expect([again, now(), kept.has('desk-unheard')]).toEqual([one, 'accepted', false]);
});

test('as for one, so for two', async () => {
  const first = await page(null);
  await lost(first, '9000000001');
  await lost(first, '9000000002');
  const second = await reload();
  post.mockResolvedValue({ ...PLACED, state: 'refused' });
  await second.dial({ number: '9000000001', campaign: 'c' });
  await second.dial({ number: '9000000002', campaign: 'c' });
  const [a, b, ...again] = keys();
  expect(again).toEqual([a, b]);
});

test('its key is used up once the desk has written something down under it, and not before', async () => {
  const on = await page(null);
  const row = (_: string, __: object, { hears }: { hears: (head: Headers) => void }) => hears(new Headers({ 'desk-dial': 'd1' }));
  const refuse = (problem: object) => post.mockRejectedValueOnce(new on.Problem({ status: 409, message: '', mayHaveHappened: false, ...problem }));
  const again = async () => { on.forgetPending(); await on.dial({ number: '9000000001', campaign: 'c' }); };
  await lost(on, '9000000001');
  for (const problem of [{ reason: 'in_a_call' }, { reason: 'claimed' }, { reason: 'outside_calling_hours' }, { status: 422, reason: 'blocked_number' }, { reason: 'dial_open', reference: 'r1' }, { status: 401 }, { status: 503 }]) {
    refuse(problem);
    await again();
  }
  expect(new Set(keys()).size).toBe(1);
  post.mockRejectedValueOnce(on.unanswered(true));
  await again();
  // Which refusal it is says nothing: the row does.
  refuse({ reason: 'busy' });
  await again();
  expect([new Set(keys()).size, kept.has('desk-unheard')]).toEqual([1, true]);
  post.mockImplementationOnce((...asked: Parameters<typeof row>) => { row(...asked); return Promise.reject(new on.Problem({ status: 503, message: '', mayHaveHappened: false })); });
  await again();
  expect([new Set(keys()).size, kept.has('desk-unheard')]).toEqual([1, false]);
  post.mockResolvedValueOnce(PLACED);
  await again();
  expect(new Set(keys()).size).toBe(2);
});

test('what cannot be read or written keeps no one from dialling', async () => {
  kept.clear();
  for (const text of ['{', 'null', '[null]', '{"key":"k"}', '7']) {
    kept.set('desk-unheard', text);
    const { dial, forgetPending } = await reload();
    post.mockResolvedValueOnce(PLACED);
    await dial({ number: '9000000001' });
    expect(now()).toBe('accepted');
    forgetPending();
  }
  const full = await page(null);
  vi.stubGlobal('sessionStorage', { getItem: () => null, removeItem: () => {}, setItem: (name: string, text: string) => { if (name === 'desk-unheard') throw new Error('full'); kept.set(name, text); } });
  post.mockReset();
  await lost(full, '9000000001');
  post.mockResolvedValueOnce(PLACED);
  await full.dial({ number: '9000000001', campaign: 'c' });
  expect(new Set(keys()).size).toBe(1);
});
