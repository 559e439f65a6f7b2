import { afterEach, expect, test, vi } from 'vitest';
import { ask, askAs, get, hold, ofUser, post, put, remove, whenOther, whenSignedOut } from '../../src/api/client';
import { Stream } from '../../src/live/stream';

afterEach(() => { vi.unstubAllGlobals(); });

test('a request outlives its page only where that is asked for', async () => {
  const sent: unknown[] = [];
  vi.stubGlobal('location', { origin: 'https://desk.example' });
  vi.stubGlobal('fetch', (_: URL, { keepalive }: RequestInit) => { sent.push(keepalive); return Promise.resolve(new Response('{}', { headers: { 'content-type': 'application/json' } })); });
  await post('/api/phone/events', { event: 'unregistered' }, { keepalive: true });
  await post('/api/phone/events', { event: 'unregistered' });
  expect(sent).toEqual([true, false]);
});

test('a file goes as it is, all else as JSON, and a lost answer says that it may be in', async () => {
  const sent: unknown[] = [];
  vi.stubGlobal('location', { origin: 'https://desk.example' });
  vi.stubGlobal('fetch', (_: URL, { body, headers, signal }: RequestInit) => { sent.push([body, new Headers(headers).get('content-type'), signal instanceof AbortSignal]); return Promise.resolve(new Response('{}', { headers: { 'content-type': 'application/json' } })); });
  const file = new Blob(['name,number']);
  await ask('POST', '/api/leads/import', { body: file, type: 'text/csv' });
  await ask('POST', '/api/leads/assign', { body: { leads: [] } });
  expect(sent).toEqual([[file, 'text/csv', true], ['{"leads":[]}', 'application/json', true]]);
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('lost')));
  await expect(ask('POST', '/api/leads/import', { body: file, type: 'text/csv' })).rejects.toMatchObject({ status: 0, mayHaveHappened: true });
});

/** The desk, as it answers, and what it was asked. */
function desk(answer: () => Response) {
  const asked: (string | null)[][] = [];
  vi.stubGlobal('location', { origin: 'https://desk.example' });
  vi.stubGlobal('fetch', (url: URL, { method = 'GET', headers }: RequestInit) => { asked.push([method, url.pathname, new Headers(headers).get('desk-user')]); return Promise.resolve(answer()); });
  return asked;
}
const json = (status: number, body: object) => () => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

test('a page says whose it is in all that it asks, but for who is signed in and a password', async () => {
  const asked = desk(json(200, {}));
  await get('/api/worklist');
  askAs('u 1');
  await get('/api/worklist');
  await post('/api/calls', { number: '9000000001' });
  await remove('/api/session');
  await get('/api/me');
  await post('/api/session', { email: '', password: '' });
  await put('/api/me/password', { current: '', new: '' });
  expect(asked).toEqual([['GET', '/api/worklist', null], ['GET', '/api/worklist', 'u 1'], ['POST', '/api/calls', 'u 1'], ['DELETE', '/api/session', 'u 1'], ['GET', '/api/me', null], ['POST', '/api/session', null], ['PUT', '/api/me/password', 'u 1']]);
  const opened: string[] = [];
  new Stream(() => {}, { open: (url) => { opened.push(url); return { addEventListener() {}, close() {}, onerror: null }; }, status: () => Promise.resolve(null), after: () => () => {} }).start();
  expect([...opened, ofUser('/api/x', { after: '7' }), ofUser('/api/x', { after: '7' }, false)]).toEqual(['/api/events?desk-user=u+1', '/api/x?desk-user=u+1&after=7', '/api/x?after=7']);
});

test('while somebody else is signed in nothing leaves it, and nothing is told again', async () => {
  const asked = desk(json(200, {}));
  const told = vi.fn();
  whenSignedOut(told);
  whenOther(told);
  askAs('u1');
  hold();
  for (const held of [get('/api/worklist'), post('/api/calls', { number: '9000000001' }), remove('/api/session')]) await expect(held).rejects.toMatchObject({ status: 401, mayHaveHappened: false });
  await get('/api/me');
  await post('/api/session', { email: '', password: '' });
  expect([asked.map(([method, path]) => `${method} ${path}`), told.mock.calls.length]).toEqual([['GET /api/me', 'POST /api/session'], 0]);
  askAs('u1');
  await get('/api/worklist');
  expect(asked).toHaveLength(3);
});

test('that somebody else is signed in is another thing than that nobody is', async () => {
  const [out, other] = [vi.fn(), vi.fn()];
  whenSignedOut(out);
  whenOther(other);
  const heard = () => [out.mock.calls.length, other.mock.calls.length];
  desk(json(401, { reason: 'other_user' }));
  await expect(get('/api/worklist')).rejects.toMatchObject({ status: 401 });
  await expect(remove('/api/session')).rejects.toMatchObject({ status: 401 });
  expect(heard()).toEqual([0, 2]);
  desk(json(401, {}));
  await expect(get('/api/worklist')).rejects.toMatchObject({ status: 401 });
  await expect(remove('/api/session')).rejects.toMatchObject({ status: 401 });
  expect(heard()).toEqual([1, 2]);
});
