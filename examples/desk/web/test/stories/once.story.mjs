// Each change is sent once and each question asked once, although StrictMode mounts every part twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import test, { after, before, describe } from 'node:test';
import { build } from 'vite';
import { Browser, story, until } from '../harness.mjs';

const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.svg': 'image/svg+xml' };
let browser;
let folder;
before(async () => {
  // The page comes out of this process here, so that Chromium does not take it for a local one.
  browser = await Browser.start(['LocalNetworkAccessChecks']);
  folder = await mkdtemp(join(tmpdir(), 'desk-page-'));
  // Only React for development mounts twice.
  process.env.NODE_ENV = 'development';
  await build({ mode: 'development', logLevel: 'error', build: { outDir: folder, minify: false, emptyOutDir: true } });
});
after(async () => {
  await browser?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('once', () => {
  test('in a whole call', { timeout: 120_000 }, story(() => browser, async (desk, chromium) => {
    const sent = [];
    const prepare = async (context) => {
      await context.route((url) => url.pathname === '/' || url.pathname.startsWith('/assets/'), (route) => {
        const { pathname } = new URL(route.request().url());
        const file = pathname === '/' ? '/index.html' : pathname;
        return route.fulfill({ body: readFileSync(join(folder, file)), contentType: TYPES[extname(file)] ?? 'application/octet-stream' });
      });
      context.on('request', (request) => {
        const { pathname, searchParams } = new URL(request.url());
        searchParams.delete('desk-user');
        if (pathname.startsWith('/api/')) sent.push(`${request.method()} ${pathname}${searchParams.size > 0 ? `?${searchParams}` : ''}`);
      });
    };
    const person = await chromium.person(desk, 'agent01@desk.test', { prepare });
    person.provokes(/React DevTools/);
    await person.phoneReady();
    const first = ['/api/worklist?limit=50', '/api/missed', '/api/follow-ups', '/api/owed', '/api/pause-reasons', '/api/phone/config', '/api/events'].map((path) => `GET ${path}`);
    await until('what the call desk needs is asked', () => first.every((one) => sent.includes(one)));
    await person.page.getByRole('listitem').first().waitFor();
    const opening = sent.splice(0);
    const repeated = (list) => [...new Set(list.filter((one, at) => list.indexOf(one) !== at))];
    // What one is asked before the session and after it; the phone says that it is registered.
    assert.deepEqual(repeated(opening.filter((one) => one !== 'GET /api/me' && one !== 'POST /api/phone/events')), []);
    for (const one of first) assert.equal(opening.filter((asked) => asked === one).length, 1, `${one}: ${opening}`);
    assert.equal(opening.filter((one) => one === 'POST /api/session').length, 1);

    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.page.getByLabel('Notes').fill('once');
    await until('the notes are sent', async () => sent.some((one) => one.startsWith('PUT')));
    await person.button('Hold').click();
    await person.page.getByText('On hold', { exact: true }).waitFor();
    await person.button('Resume').click();
    await person.page.getByText('Talking', { exact: true }).waitFor();
    await person.button('Pause rec').click();
    await person.page.getByText('recording paused').waitFor();
    await person.button('End').click();
    await person.dispose('Info Provided');
    const changes = sent.filter((one) => !one.startsWith('GET') && one !== 'POST /api/phone/events').sort();
    assert.deepEqual(changes, [
      'POST /api/calls', `POST /api/calls/${ucid}/disposition`, `POST /api/calls/${ucid}/end`, `POST /api/calls/${ucid}/hold`,
      `POST /api/calls/${ucid}/recording`, `POST /api/calls/${ucid}/unhold`, `PUT /api/calls/${ucid}/draft`,
    ]);
    assert.equal(sent.filter((one) => one.startsWith('GET /api/dispositions')).length, 1);
    assert.equal(sent.filter((one) => one.startsWith('GET /api/events')).length, 0, 'one stream for the whole call');
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await person.leave();
  }));
});
