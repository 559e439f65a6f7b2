// A call on the pages that are not its own: it rings, is picked up, held and ended there.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';
import { look } from '../look.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);
const SLOW = { DESK_SIM_SPEED: '0.5' };
const EYES = { bypassCSP: true, reducedMotion: 'reduce' };

const bar = (page) => page.getByRole('region', { name: 'Call', exact: true });

async function both(person, name) {
  for (const colorScheme of ['light', 'dark']) {
    await person.page.emulateMedia({ colorScheme });
    await person.page.waitForTimeout(150);
    await person.picture(`${name}-${colorScheme}`);
  }
  await person.page.emulateMedia({ colorScheme: 'light' });
}

/** The page counts notifications, and says that nobody looks at it once it is told to. */
async function hidden(context) {
  await context.addInitScript(() => {
    globalThis.notified = [];
    globalThis.Notification = class { static permission = 'granted'; constructor(title) { globalThis.notified.push(title); } close() {} };
    globalThis.hide = (hide) => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hide }); };
  });
}

describe('bar', { concurrency: 2 }, () => {
  test('a call on Call History: it rings, is picked up, muted, held and ended there, and the desk has the form', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { ...EYES, prepare: hidden });
    const { page } = person;
    await person.phoneReady();
    await page.getByRole('link', { name: 'Call History' }).click();
    await page.getByRole('heading', { name: 'Call History' }).waitFor();
    assert.equal(await bar(page).count(), 0);
    await page.evaluate(() => globalThis.hide(true));
    const ucid = await desk.inbound('9000000003');
    await bar(page).getByRole('button', { name: 'Accept' }).waitFor();
    await page.evaluate(() => globalThis.hide(false));
    assert.deepEqual(await page.evaluate(() => globalThis.notified), ['Incoming call']);
    await both(person, 'bar-ringing');
    await look(person, 'ringing on another page');
    await bar(page).getByRole('button', { name: 'Accept' }).click();
    await desk.callIs(ucid, 'answered');
    await bar(page).getByText('Talking', { exact: true }).waitFor();
    await both(person, 'bar-talking');
    await bar(page).getByRole('button', { name: 'Mute' }).click();
    await bar(page).getByRole('button', { name: 'Unmute' }).click();
    await page.locator('body').press('h');
    await bar(page).getByText('On hold', { exact: true }).waitFor();
    assert.equal((await desk.call(ucid)).held, true);
    await look(person, 'held on another page');
    await bar(page).getByRole('button', { name: 'Resume' }).click();
    await bar(page).getByText('Talking', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'To the call' }).click();
    await person.card('Talking').waitFor();
    assert.equal(await bar(page).count(), 0, 'the card has it here');
    await page.getByRole('link', { name: 'My Performance' }).click();
    await bar(page).getByRole('button', { name: 'End' }).dblclick();
    await bar(page).getByText('After the call').waitFor();
    await both(person, 'bar-after');
    assert.equal(await page.locator('.toast.bad').count(), 0, 'one end was sent');
    await page.getByRole('link', { name: 'To the call' }).click();
    await person.dispose('Info Provided');
    await page.getByRole('link', { name: 'Call History' }).click();
    await page.getByRole('heading', { name: 'Call History' }).waitFor();
    assert.equal(await bar(page).count(), 0);
    await person.leave();
  }, SLOW));

  test('declined on another page, by its key', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await page.getByRole('link', { name: 'My Performance' }).click();
    const ucid = await desk.inbound('9000000003');
    await bar(page).getByRole('button', { name: 'Decline' }).waitFor();
    await page.locator('body').press('d');
    await bar(page).waitFor({ state: 'detached' });
    assert.notEqual((await desk.call(ucid))?.state, 'answered');
    await person.leave();
  }));

  test('on 360 pixels the bar fits, and everything in it can be hit', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { ...EYES, viewport: { width: 360, height: 740 }, hasTouch: true });
    const { page } = person;
    await page.getByText('Phone ready').waitFor({ state: 'attached' });
    await page.getByRole('link', { name: 'Call History' }).click();
    const ucid = await desk.inbound('9000000003');
    await bar(page).getByRole('button', { name: 'Accept' }).waitFor();
    await both(person, 'bar-ringing-narrow');
    await look(person, 'ringing on another page, narrow');
    await bar(page).getByRole('button', { name: 'Accept' }).click();
    await desk.callIs(ucid, 'answered');
    await bar(page).getByText('Talking', { exact: true }).waitFor();
    await both(person, 'bar-talking-narrow');
    await look(person, 'talking on another page, narrow');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 360);
    await person.leave();
  }, SLOW));

  test('a supervisor who takes calls has the desk, and the bar on the wallboard', { timeout: 120_000 }, run(async (desk, chromium) => {
    const admin = await chromium.person(desk, 'admin@desk.test');
    const done = await admin.page.evaluate(async () => {
      const ask = async (method, path, body) => {
        const response = await fetch(path, { method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}) });
        return { status: response.status, body: await response.json().catch(() => null) };
      };
      const { body: users } = await ask('GET', '/api/admin/users');
      const { body: links } = await ask('GET', '/api/admin/links');
      const user = (email) => users.find((one) => one.email === email).id;
      const { agent: id, extension, phoneName, autoAnswer } = links.find((link) => link.agent === 'agent01');
      return [
        await ask('DELETE', `/api/admin/links/${user('agent01@desk.test')}`),
        await ask('PUT', `/api/admin/links/${user('supervisor01@desk.test')}`, { agent: id, extension, phoneName, autoAnswer }),
      ];
    });
    assert.ok(done.every(({ status }) => status < 300), JSON.stringify(done));
    await admin.leave();
    const person = await chromium.person(desk, 'supervisor01@desk.test');
    const { page } = person;
    await person.phoneReady();
    assert.deepEqual(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allTextContents(), ['Call Desk', 'Wallboard', 'Call History', 'Team']);
    await page.getByRole('link', { name: 'Wallboard' }).click();
    await page.getByRole('row').nth(1).waitFor();
    await until('the agent is free', async () => (await desk.control('state')).agents.find(({ id }) => id === 'agent01').state === 'READY');
    const { ucid } = await desk.control('inbound', { did: '918000000001', caller: '9000000103', skill: 'direct_agent01' });
    await bar(page).getByRole('button', { name: 'Accept' }).click();
    await desk.callIs(ucid, 'answered');
    await bar(page).getByText('Talking', { exact: true }).waitFor();
    await both(person, 'bar-supervisor');
    await page.getByRole('link', { name: 'To the call' }).click();
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.leave();
  }));
});
