import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { call } from './calls';

const put = vi.fn();
/** What the desk has of each call by now. */
const has = new Map<string, object>();
vi.mock('../../src/api/client', () => ({ at: (path: string, { ucid }: { ucid: string }) => path.replace('{ucid}', ucid), get: (path: string) => (has.has(path) ? Promise.resolve(has.get(path)) : Promise.reject(new Error('not asked for'))), put: (path: string, body: object, more: object) => put(path, body, more) }));

const stored = new Map<string, string>();
/** A page that is loaded, with what the one before it has left. */
async function page() {
  vi.resetModules();
  return { ...await import('../../src/features/call/drafts'), ...await import('../../src/api/problem') };
}
const sent = () => put.mock.calls.map(([path, { notes }]) => [path, notes]);

beforeEach(() => {
  vi.useFakeTimers({ now: 60_000 });
  put.mockReset();
  has.clear();
  stored.clear();
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, text: string) => stored.set(key, text), removeItem: (key: string) => stored.delete(key) });
});
afterEach(() => { vi.useRealTimers(); vi.unstubAllGlobals(); });

test('notes that another tab typed are shown where nothing was typed, and a disposition leaves the newest to the desk', async () => {
  const { begun, follow, notesToSend } = await page();
  const before = call({ ucid: '1', notes: 'hello' });
  const draft = begun(before);
  const after = { ...before, phase: 'after_call' as const, notes: 'hello, wants Tuesday 5 pm' };
  // The tab shows what it had: it is not sent in place of what the desk has.
  expect(notesToSend(after, 'hello')).toEqual({});
  expect([follow(after, draft), draft.text, follow(after, draft), notesToSend(after, draft.text)]).toEqual([true, 'hello, wants Tuesday 5 pm', false, {}]);
});

test('what was typed here is not replaced, and goes with the disposition', async () => {
  const { begun, follow, notesToSend, type } = await page();
  const own = call({ ucid: '1', notes: 'hello' });
  const draft = begun(own);
  type(draft, 'hello you');
  const after = { ...own, notes: 'of another tab' };
  expect([follow(after, draft), draft.text, notesToSend(after, 'hello you')]).toEqual([false, 'hello you', { notes: 'hello you' }]);
  type(draft, '');
  expect(notesToSend(after, '')).toEqual({ notes: '' });
});

test('what was said once is no draft: it goes with another disposition', async () => {
  const { notesToSend } = await page();
  const disposition = { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} };
  expect([notesToSend(call({ ucid: '1', notes: 'said', disposition }), 'said'), notesToSend(call({ ucid: '2', disposition }), '')]).toEqual([{ notes: 'said' }, {}]);
});

test('what could not be kept is sent again by and by, whether or not its form is there', async () => {
  const { begun, keep, type, unanswered, hasLostDrafts } = await page();
  const draft = begun(call({ ucid: '1' }));
  type(draft, 'typed');
  put.mockRejectedValueOnce(unanswered(true)).mockRejectedValueOnce(unanswered(true)).mockResolvedValue(null);
  await keep(draft);
  expect([draft.keeping, hasLostDrafts(), sent().length]).toEqual(['failed', true, 1]);
  await vi.advanceTimersByTimeAsync(5_000);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([sent(), typeof draft.keeping, hasLostDrafts(), stored.size]).toEqual([Array(3).fill(['/api/calls/1/draft', 'typed']), 'number', false, 0]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(sent().length).toBe(3);
});

test('what the desk refuses is not sent again before it is another text', async () => {
  const { begun, keep, type, hasLostDrafts, Problem } = await page();
  const draft = begun(call({ ucid: '1' }));
  type(draft, 'too much');
  put.mockRejectedValueOnce(new Problem({ status: 400, message: 'has more than 10,000 bytes', mayHaveHappened: false })).mockResolvedValue(null);
  draft.tell = () => {};
  await keep(draft);
  await vi.advanceTimersByTimeAsync(30_000);
  expect([sent().length, draft.keeping]).toEqual([1, { refused: 'has more than 10,000 bytes' }]);
  // Nor is it lost without a word: a reload has it.
  expect([hasLostDrafts(), stored.get('desk-notes')]).toEqual([true, JSON.stringify([{ ucid: '1', agent: 'agent01', text: 'too much', saved: '' }])]);
  draft.tell = null;
  expect(hasLostDrafts()).toBe(false);
  type(draft, 'less');
  await keep(draft);
  expect(sent().map(([, notes]) => notes)).toEqual(['too much', 'less']);
});

test('a reload sends what the page before it could not keep', async () => {
  const first = await page();
  put.mockRejectedValue(first.unanswered(true));
  first.type(first.begun(call({ ucid: '1', notes: 'old' })), 'typed as the network went');
  await first.keep(first.begun(call({ ucid: '1' })));
  vi.clearAllTimers();
  const second = await page();
  put.mockReset().mockResolvedValue(null);
  has.set('/api/calls/1', call({ ucid: '1', notes: 'old' }));
  second.resumeDrafts();
  await vi.advanceTimersByTimeAsync(0);
  expect([sent(), second.notesOf(call({ ucid: '1', notes: 'old' }))]).toEqual([[['/api/calls/1/draft', 'typed as the network went']], 'typed as the network went']);
  await vi.advanceTimersByTimeAsync(0);
  expect(stored.size).toBe(0);
});

test('a page that goes sends what is not kept, in a way that outlives it, and nothing else', async () => {
  const { begun, type, leaveDrafts, forgetDrafts } = await page();
  begun(call({ ucid: '1', notes: 'kept' }));
  type(begun(call({ ucid: '2' })), 'typed last');
  put.mockResolvedValue(null);
  leaveDrafts();
  expect(put.mock.calls).toEqual([['/api/calls/2/draft', { notes: 'typed last', agent: 'agent01' }, { keepalive: true }]]);
  forgetDrafts();
  leaveDrafts();
  expect([put.mock.calls.length, stored.size]).toEqual([1, 0]);
});

test('notes that could not be kept are sent as nobody but who typed them', async () => {
  const first = await page();
  first.resumeDrafts('u1');
  put.mockRejectedValue(first.unanswered(true));
  const draft = first.begun(call({ ucid: '1' }));
  first.type(draft, 'typed');
  await first.keep(draft);
  vi.clearAllTimers();
  const kept = stored.get('desk-notes:u1');
  expect([kept, stored.size]).toEqual([JSON.stringify([{ ucid: '1', agent: 'agent01', text: 'typed', saved: '' }]), 1]);
  const other = await page();
  put.mockReset().mockResolvedValue(null);
  other.resumeDrafts('u2');
  await vi.advanceTimersByTimeAsync(30_000);
  other.type(other.begun(call({ ucid: '2' })), 'of the other');
  other.forgetDrafts();
  expect([put.mock.calls.length, stored.get('desk-notes:u1'), other.notesOf(call({ ucid: '1' }))]).toEqual([0, kept, '']);
  const again = await page();
  has.set('/api/calls/1', call({ ucid: '1' }));
  again.resumeDrafts('u1');
  await vi.advanceTimersByTimeAsync(0);
  expect([sent(), again.notesOf(call({ ucid: '1' }))]).toEqual([[['/api/calls/1/draft', 'typed']], 'typed']);
  await vi.advanceTimersByTimeAsync(0);
  expect(stored.size).toBe(0);
});

test('while somebody else is signed in nothing is sent, and what was typed goes out once its writer is back', async () => {
  const { begun, keep, type, leaveDrafts, pauseDrafts, resumeDrafts, putDraftsAside } = await page();
  resumeDrafts('u1');
  put.mockResolvedValue(null);
  const draft = begun(call({ ucid: '1' }));
  pauseDrafts();
  type(draft, 'typed');
  await keep(draft);
  leaveDrafts();
  expect(sent()).toEqual([]);
  resumeDrafts('u1');
  await vi.advanceTimersByTimeAsync(5_000);
  expect([sent(), stored.size]).toEqual([[['/api/calls/1/draft', 'typed']], 0]);
  type(draft, 'typed more');
  putDraftsAside();
  leaveDrafts();
  expect([sent().length, stored.get('desk-notes:u1')]).toEqual([1, JSON.stringify([{ ucid: '1', agent: 'agent01', text: 'typed more', saved: 'typed' }])]);
});

test('notes that wait in the tab wait also where a send ends, or a key comes, before the page goes', async () => {
  const { begun, keep, type, resumeDrafts, putDraftsAside, Problem } = await page();
  resumeDrafts('u1');
  let refuse: (problem: Error) => void = () => {};
  put.mockReturnValueOnce(new Promise((_, reject) => { refuse = reject; }));
  const draft = begun(call({ ucid: '1' }));
  type(draft, 'typed');
  const kept = keep(draft);
  const waits = stored.get('desk-notes:u1');
  putDraftsAside();
  refuse(new Problem({ status: 404, message: '', mayHaveHappened: false }));
  await kept;
  type(draft, 'typed too late');
  expect([waits, stored.get('desk-notes:u1')]).toEqual([JSON.stringify([{ ucid: '1', agent: 'agent01', text: 'typed', saved: '' }]), waits]);
});

test('what the desk has by the time the page goes waits no more', async () => {
  const { begun, keep, type, resumeDrafts, putDraftsAside } = await page();
  resumeDrafts('u1');
  for (const [text, left] of [['typed', undefined], ['typed more', JSON.stringify([{ ucid: '1', agent: 'agent01', text: 'typed more', saved: '' }])]] as const) {
    stored.clear();
    resumeDrafts('u1');
    let answer: () => void = () => {};
    put.mockReturnValueOnce(new Promise<void>((resolve) => { answer = resolve; }));
    const draft = begun(call({ ucid: '1' }));
    type(draft, 'typed');
    const kept = keep(draft);
    type(draft, text);
    putDraftsAside();
    answer();
    await kept;
    expect(stored.get('desk-notes:u1')).toBe(left);
  }
});

test('what waited in the tab is not sent in place of what was typed elsewhere since, but after it', async () => {
  const left = (text: string, saved: string) => stored.set('desk-notes:u1', JSON.stringify([{ ucid: '1', agent: 'agent01', text, saved }]));
  const desk = (notes: string, change = {}) => has.set('/api/calls/1', call({ ucid: '1', notes, ...change }));
  put.mockResolvedValue(null);
  for (const [typed, saved, notes, change, goes] of [
    ['mine', '', '', {}, ['mine']],
    ['mine', 'old', 'newer', {}, ['newer\nmine']],
    ['mine', 'old', 'mine, and newer', {}, []],
    ['old, mine', 'old', 'old', {}, ['old, mine']],
    ['mine', 'old', 'the colleague’s', { agent: 'agent02' }, ['mine']],
  ] as const) {
    put.mockClear();
    left(typed, saved);
    desk(notes, change);
    const { resumeDrafts, leaveDrafts } = await page();
    resumeDrafts('u1');
    // Before it is known what the desk has, nothing goes out.
    leaveDrafts();
    expect(put).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(0);
    expect([sent().map(([, sentNotes]) => sentNotes), stored.size]).toEqual([goes, 0]);
  }
  // Nor while the desk does not say.
  put.mockClear();
  has.clear();
  left('mine', 'old');
  const { resumeDrafts, notesOf } = await page();
  resumeDrafts('u1');
  await vi.advanceTimersByTimeAsync(0);
  expect([put.mock.calls.length, stored.size]).toEqual([0, 1]);
  desk('newer');
  await vi.advanceTimersByTimeAsync(5_000);
  expect([sent(), notesOf(call({ ucid: '1', notes: 'newer' })), stored.size]).toEqual([[['/api/calls/1/draft', 'newer\nmine']], 'newer\nmine', 0]);
});

test('what was refused as somebody else is sent again once its writer is back', async () => {
  const { begun, keep, type, pauseDrafts, resumeDrafts, hasLostDrafts, Problem } = await page();
  resumeDrafts('u1');
  put.mockRejectedValueOnce(new Problem({ status: 404, message: 'there is no such call', mayHaveHappened: false })).mockResolvedValue(null);
  const draft = begun(call({ ucid: '1' }));
  type(draft, 'typed');
  await keep(draft);
  pauseDrafts();
  resumeDrafts('u1');
  await vi.advanceTimersByTimeAsync(5_000);
  expect([sent(), hasLostDrafts(), stored.size]).toEqual([Array(2).fill(['/api/calls/1/draft', 'typed']), false, 0]);
});

test('before one signs out all is sent, and it is said whether all was kept', async () => {
  const { begun, keep, keepAll, type, unanswered } = await page();
  let answer: () => void = () => {};
  put.mockReturnValueOnce(new Promise<void>((resolve) => { answer = resolve; })).mockRejectedValueOnce(unanswered(true)).mockResolvedValue(null);
  const draft = begun(call({ ucid: '1' }));
  type(draft, 'half');
  void keep(draft);
  type(draft, 'whole');
  const kept = keepAll();
  expect(sent()).toHaveLength(1);
  answer();
  expect([await kept, sent().map(([, notes]) => notes)]).toEqual([false, ['half', 'whole']]);
  expect([await keepAll(), sent().map(([, notes]) => notes)]).toEqual([true, ['half', 'whole', 'whole']]);
  expect([await keepAll(), sent().length]).toEqual([true, 3]);
});

test('what went with a disposition is kept, and is neither sent again nor missed', async () => {
  const { begun, keep, keepAll, type, wentAlong, Problem } = await page();
  const over = call({ ucid: '1', phase: 'after_call' });
  const draft = begun(over);
  type(draft, 'said');
  put.mockRejectedValueOnce(new Problem({ status: 404, message: '', mayHaveHappened: false }));
  await keep(draft);
  wentAlong(over, 'another text');
  expect(await keepAll()).toBe(false);
  wentAlong(over, 'said');
  expect([await keepAll(), sent().length, stored.size]).toEqual([true, 1, 0]);
});
