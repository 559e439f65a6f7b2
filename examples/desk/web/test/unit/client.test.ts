import { afterEach, expect, test, vi } from 'vitest';
import { ask, post } from '../../src/api/client';

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
