import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const done = vi.hoisted(() => ({ steps: [] as string[], leg: { kind: 'idle' }, watchers: [] as (() => void)[], phone: null as { tells: boolean } | null, other: () => {}, carryOut: (command: string): Promise<unknown> => Promise.resolve(command) }));
vi.mock('../../src/phone/softphone', () => ({
  Softphone: class {
    tells = true;
    speaker = { unlock() {} };
    constructor() { done.phone = this; }
    get phone() { return { leg: done.leg }; }
    watch(watcher: () => void) { done.watchers.push(watcher); }
    hurry() { done.steps.push('relay'); }
    tellAgain() { done.steps.push('phone tells'); this.tells = true; }
    carryOut(command: string) { return Promise.resolve(`did ${command}`); }
    // As the real one does, it says that it changed.
    stop() { done.steps.push('phone stop'); done.watchers.forEach((watcher) => watcher()); }
    leave() {}
  },
}));
vi.mock('../../src/phone/owner', () => ({ Owner: class { constructor(carryOut: typeof done.carryOut) { done.carryOut = carryOut; } state = 'here'; watch() {} start() { return Promise.resolve(); } tell() {} } }));
vi.mock('../../src/live/stream', () => ({
  BROWSER: {},
  Stream: class { standing = 'live'; watch() {} start() { done.steps.push('stream start'); } stop() { done.steps.push('stream stop'); } lost() { done.steps.push('stream lost'); } hurry() { done.steps.push('stream hurry'); } },
}));
const put = vi.fn();
vi.mock('../../src/api/client', () => ({ at: (path: string, { ucid }: { ucid?: string }) => path.replace('{ucid}', ucid ?? ''), put: (...asked: unknown[]) => put(...asked), get: (path: string) => Promise.resolve(path.startsWith('/api/calls/') ? { agent: 'agent01', part: null, notes: '' } : {}), post: vi.fn(), signedOut: () => { done.steps.push('password'); }, hold: () => { done.steps.push('hold'); }, askAs: (user: string) => { done.steps.push(`ask as ${user}`); }, whenOther: (listener: () => void) => { done.other = listener; } }));

const stored: Record<string, string> = {};
const at = { assign: vi.fn() };

async function page() {
  vi.resetModules();
  done.watchers.length = 0;
  return { ...await import('../../src/app'), ...await import('../../src/features/call/drafts') };
}

beforeEach(() => {
  for (const name of Object.keys(stored)) delete stored[name];
  Object.assign(done, { steps: [], leg: { kind: 'idle' } });
  at.assign.mockReset();
  put.mockReset().mockReturnValue(new Promise(() => {}));
  const storage = Object.create({ getItem: (name: string) => stored[name] ?? null, setItem: (name: string, text: string) => { stored[name] = text; }, removeItem: (name: string) => { delete stored[name]; } }) as object;
  vi.stubGlobal('sessionStorage', new Proxy(storage, { ownKeys: () => Reflect.ownKeys(stored), getOwnPropertyDescriptor: (_, name) => ({ value: stored[String(name)], enumerable: true, configurable: true }) }));
  vi.stubGlobal('BroadcastChannel', class { onmessage = null; postMessage() {} });
  vi.stubGlobal('location', at);
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('document', { hidden: false });
  vi.stubGlobal('addEventListener', () => {});
});
afterEach(() => { vi.unstubAllGlobals(); });

const DIAL = JSON.stringify({ key: 'k', number: '9000000001', name: 'R. Rao', leadId: null, at: 0, lostAt: null, state: 'unknown', ucid: null, reference: null, problem: null, reason: null });
const UNHEARD = JSON.stringify([{ key: 'k', number: '9000000001', at: 0 }]);
const NOTES = JSON.stringify([{ ucid: '7', agent: 'agent01', text: 'typed', saved: '' }]);

test('who signs in after a reload has nothing of who had the tab before, whose notes wait there', async () => {
  Object.assign(stored, { 'desk-user': 'u1', 'desk-dial': DIAL, 'desk-unheard': '[{"key":"k","wish":"{}","at":0}]', 'desk-windows': '[["7",{"box":null,"closed":true}]]', 'desk-notes:u1': NOTES });
  const { isTabOf, begin } = await page();
  isTabOf('u2');
  begin('u2', false);
  expect(stored).toEqual({ 'desk-user': 'u2', 'desk-notes:u1': NOTES });
  expect(put).not.toHaveBeenCalled();
});

test('who had it before has all of it', async () => {
  Object.assign(stored, { 'desk-user': 'u1', 'desk-dial': DIAL, 'desk-windows': '[["7",{"box":null,"closed":true}]]', 'desk-notes:u1': NOTES });
  const before = { ...stored };
  const { isTabOf, begin } = await page();
  isTabOf('u1');
  begin('u1', false);
  expect(stored).toEqual(before);
  await Promise.resolve();
  await Promise.resolve();
  expect(put.mock.calls.map(([path, body]) => [path, body])).toEqual([['/api/calls/7/draft', { notes: 'typed', agent: 'agent01' }]]);
});

test('a page that is somebody else’s now is left at once, and what could not be kept waits', async () => {
  const { isTabOf, begin, whose } = await page();
  isTabOf('u1');
  begin('u1', false);
  Object.assign(stored, { 'desk-notes:u1': NOTES, 'desk-dial': DIAL });
  whose.onOther();
  expect([at.assign.mock.calls, stored]).toEqual([[['/']], { 'desk-user': 'u1', 'desk-notes:u1': NOTES }]);
});

test('a dial that goes on waits for whose it is, whoever has the tab meanwhile', async () => {
  const { isTabOf, begin, whose } = await page();
  isTabOf('u1');
  begin('u1', false);
  Object.assign(stored, { 'desk-dial:u1': DIAL, 'desk-unheard:u1': UNHEARD });
  whose.onOther();
  const next = await page();
  next.isTabOf('u2');
  next.begin('u2', false);
  expect(stored).toEqual({ 'desk-user': 'u2', 'desk-dial:u1': DIAL, 'desk-unheard:u1': UNHEARD });
});

test('what is written before the page goes is forgotten by the page of whoever is next', async () => {
  const first = await page();
  first.isTabOf('u1');
  first.begin('u1', false);
  first.whose.onOther();
  stored['desk-dial'] = DIAL;
  const next = await page();
  next.isTabOf('u2');
  expect(stored).toEqual({ 'desk-user': 'u2' });
});

test('with a call up it says and hears nothing more, and is left as soon as that is over', async () => {
  const { begin, whose } = await page();
  begin('u1', false);
  done.leg = { kind: 'up' };
  done.steps.length = 0;
  whose.onOther();
  whose.onOther();
  expect([done.steps, done.phone?.tells, at.assign.mock.calls.length]).toEqual([['hold', 'password', 'stream lost', 'stream stop', 'hold', 'password'], false, 0]);
  done.leg = { kind: 'idle' };
  done.watchers.forEach((watcher) => watcher());
  expect(at.assign.mock.calls).toEqual([['/']]);
});

test('unless the same one is back before: then all that was held is asked again, but for what the stream brings', async () => {
  const { begin, isTabOf, whose, cache } = await page();
  isTabOf('u1');
  begin('u1', false);
  for (const key of [['me'], ['live', 'calls'], ['worklist']]) cache.setQueryData(key, {});
  done.leg = { kind: 'up' };
  whose.onOther();
  done.steps.length = 0;
  expect(isTabOf('u1')).toBe(true);
  begin('u1', false);
  expect([done.steps, done.phone?.tells]).toEqual([['ask as u1', 'phone tells', 'stream start', 'stream hurry', 'relay'], true]);
  expect(cache.getQueryCache().getAll().map(({ queryKey, state }) => [queryKey.join(), state.isInvalidated])).toEqual([['me', false], ['live,calls', false], ['worklist', true]]);
  done.leg = { kind: 'idle' };
  done.watchers.forEach((watcher) => watcher());
  expect(at.assign).not.toHaveBeenCalled();
});

test('a page that goes on as somebody is nobody else’s, whoever is signed in', async () => {
  const { begin, isTabOf } = await page();
  isTabOf('u1');
  begin('u1', false);
  Object.assign(stored, { 'desk-dial': DIAL, 'desk-notes:u1': NOTES });
  const before = { ...stored };
  done.leg = { kind: 'up' };
  done.steps.length = 0;
  expect([isTabOf('u2'), stored, done.steps, at.assign.mock.calls]).toEqual([false, before, ['hold', 'password', 'stream lost', 'stream stop'], []]);
  done.leg = { kind: 'idle' };
  done.steps.length = 0;
  expect([isTabOf('u2'), isTabOf('u2'), at.assign.mock.calls, done.steps]).toEqual([false, false, [['/']], ['hold', 'phone stop', 'stream stop']]);
});

test('that the desk refused what was asked as somebody else is how a page may hear of it', async () => {
  const { begin, isTabOf } = await page();
  isTabOf('u1');
  begin('u1', false);
  done.steps.length = 0;
  done.other();
  expect([done.steps, at.assign.mock.calls]).toEqual([['hold', 'phone stop', 'stream stop'], [['/']]]);
});

test('no other tab commands a call under the password', async () => {
  const { begin, whose } = await page();
  begin('u1', true);
  done.leg = { kind: 'up' };
  const before = await done.carryOut('hang_up');
  whose.onOther();
  const meanwhile = await done.carryOut('hang_up');
  begin('u1', true);
  expect([before, meanwhile, await done.carryOut('hang_up')]).toEqual(['did hang_up', 'others_call', 'did hang_up']);
});

test('who signs out leaves nothing of their own behind', async () => {
  const { isTabOf, begin, leave } = await page();
  isTabOf('u1');
  begin('u1', false);
  Object.assign(stored, { 'desk-notes:u1': NOTES, 'desk-notes:u2': NOTES, 'desk-dial:u1': DIAL, 'desk-dial:u2': DIAL, 'desk-unheard:u1': UNHEARD });
  leave();
  // What may still ring is remembered.
  expect([at.assign.mock.calls, stored]).toEqual([[['/']], { 'desk-user': 'u1', 'desk-notes:u2': NOTES, 'desk-dial:u2': DIAL, 'desk-unheard:u1': UNHEARD }]);
});
