// What the browser is told about the page: which script may run, who may frame it, who may see the session.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });

describe('headers', () => {
  test('the session is the browser\'s alone, and the page runs its own script and no other', { timeout: 90_000 }, story(() => browser, async (desk, chromium) => {
    const agent = await chromium.person(desk, 'agent01@desk.test');
    const { page } = agent;
    const [session, ...more] = await agent.context.cookies();
    assert.deepEqual([session.name, session.httpOnly, session.sameSite, session.path, more], ['desk_session', true, 'Lax', '/', []]);
    assert.equal(await page.evaluate(() => document.cookie), '');
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.ok(!kept.includes(session.value), 'the session is in no storage');

    const index = await page.request.get(desk.http, { headers: { accept: 'text/html' } });
    const answer = await page.request.get(`${desk.http}/api/me`);
    for (const [name, value] of Object.entries({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' })) {
      assert.equal(index.headers()[name], value, name);
      assert.equal(answer.headers()[name], value, name);
    }
    assert.equal(answer.headers()['cache-control'], 'no-store');

    // Each is refused by the page's policy; Chromium logs what it refuses.
    agent.provokes(/Content Security Policy/i, /Refused to/, /used as a fallback/, /frame/i);
    const refused = await page.evaluate(async (elsewhere) => {
      const found = new Set();
      document.addEventListener('securitypolicyviolation', (violation) => found.add(violation.effectiveDirective));
      const script = document.createElement('script');
      script.textContent = 'window.ranInline = true';
      document.body.append(script);
      const foreign = document.createElement('script');
      foreign.src = `${elsewhere}/x.js`;
      document.body.append(foreign);
      const image = document.createElement('img');
      image.src = `${elsewhere}/x.png`;
      document.body.append(image);
      await fetch(`${elsewhere}/x`).catch(() => {});
      // Where the test's own code runs, texts may be run as code; later they may not.
      setTimeout('window.ranText = true', 0);
      const wanted = ['connect-src', 'img-src', 'script-src', 'script-src-elem'];
      while (!wanted.every((directive) => found.has(directive))) await new Promise((resolve) => setTimeout(resolve, 20));
      return { ranInline: window.ranInline === true, ranText: window.ranText === true };
    }, 'http://127.0.0.1:9');
    assert.deepEqual([refused.ranInline, refused.ranText], [false, false]);

    const other = await agent.context.newPage();
    await other.goto('about:blank');
    await other.setContent(`<iframe id="desk" src="${desk.http}/"></iframe>`, { waitUntil: 'load' });
    const framed = other.frames().find((frame) => frame !== other.mainFrame());
    assert.equal(await framed?.getByRole('heading').count().catch(() => 0) ?? 0, 0, 'no page is shown in another\'s frame');
    await other.close();
    await agent.leave();
  }));
});
