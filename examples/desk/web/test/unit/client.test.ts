import { afterEach, expect, test, vi } from 'vitest';
import { post } from '../../src/api/client';

afterEach(() => { vi.unstubAllGlobals(); });

test('a request outlives its page only where that is asked for', async () => {
  const sent: unknown[] = [];
  vi.stubGlobal('location', { origin: 'https://desk.example' });
  vi.stubGlobal('fetch', (_: URL, { keepalive }: RequestInit) => { sent.push(keepalive); return Promise.resolve(new Response('{}', { headers: { 'content-type': 'application/json' } })); });
  await post('/api/phone/events', { event: 'unregistered' }, { keepalive: true });
  await post('/api/phone/events', { event: 'unregistered' });
  expect(sent).toEqual([true, false]);
});
