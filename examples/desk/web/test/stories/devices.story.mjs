// Microphones, headsets, hidden pages and networks: what the browser does to a phone.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, hearEachOther, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** A browser that gives no microphone, for a reason that can change. */
const without = (reason) => (context) => context.addInitScript((first) => {
  globalThis.refusal = first;
  const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (wish) => globalThis.refusal === null ? given(wish) : Promise.reject(new DOMException('no', globalThis.refusal));
}, reason);

/** A page that nobody looks at, in a browser that may tell: what it tells is in `told`. */
const hidden = (context) => context.addInitScript(() => {
  globalThis.told = [];
  globalThis.Notification = class {
    static permission = 'granted';
    constructor(title, { body, tag } = {}) { globalThis.told.push({ title, body, tag }); }
    close() {}
  };
  Object.defineProperty(document, 'hidden', { get: () => true });
});

describe('devices', { concurrency: 2 }, () => {
  test('a blocked microphone and a missing one are told apart, and the phone works once there is one', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { prepare: without('NotAllowedError') });
    const { page } = person;
    const badge = (text) => page.locator('.bar').getByText(text);
    await badge('the microphone is blocked').waitFor();
    await person.picture('microphone-blocked');
    await person.button('Your profile').click();
    await page.getByRole('menuitem', { name: 'Microphone and ring' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The microphone is blocked for this page.').waitFor();
    await page.evaluate(() => { globalThis.refusal = 'NotFoundError'; });
    await dialog.getByRole('button', { name: 'Allow the microphone' }).click();
    await dialog.getByText('No microphone found.').waitFor();
    await page.keyboard.press('Escape');
    await badge('no microphone').waitFor();
    await page.evaluate(() => { globalThis.refusal = null; navigator.mediaDevices.dispatchEvent(new Event('devicechange')); });
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await person.leave();
  }));

  test('another headset in mid-call takes over at once, and who was muted stays muted', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await page.getByRole('button', { name: 'Mute', exact: true }).click();
    await page.getByRole('button', { name: 'Unmute', exact: true }).waitFor();
    const sent = () => page.evaluate(() => {
      const { track } = globalThis.connections.at(-1).getSenders().find((sender) => sender.track?.kind === 'audio');
      return { id: track.id, label: track.label, enabled: track.enabled, state: track.readyState };
    });
    const first = await sent();
    assert.equal(first.enabled, false);
    await person.button('Your profile').click();
    await page.getByRole('menuitem', { name: 'Microphone and ring' }).click();
    const choice = page.getByRole('dialog').getByLabel('Microphone', { exact: true });
    await until('there are other microphones', async () => await choice.locator('option').count() > 2);
    const other = await choice.locator('option').allTextContents().then((all) => all.find((label) => label !== 'Standard' && label !== first.label && !/default/i.test(label)));
    await choice.selectOption({ label: other });
    const second = await until('the track is another one', async () => { const now = await sent(); return now.id === first.id ? null : now; });
    assert.deepEqual([second.label, second.enabled, second.state], [other, false, 'live']);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Unmute', exact: true }).click();
    await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
    assert.equal((await sent()).enabled, true);
    // It is kept in this browser.
    await person.leave();
  }));

  test('a microphone that is lost in a call and back is told to the other tab, and so is that it is back', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { prepare: without(null) });
    await person.phoneReady();
    const first = person.page;
    const second = await person.open();
    await second.getByText('Use the phone here').waitFor();
    await first.getByLabel('Number to call').fill('9000000001');
    await first.getByRole('button', { name: 'Call', exact: true }).click();
    for (const page of [first, second]) await page.getByText('Talking', { exact: true }).waitFor();
    await first.evaluate(() => {
      globalThis.refusal = 'NotFoundError';
      globalThis.connections.at(-1).getSenders().find(({ track }) => track?.kind === 'audio').track.dispatchEvent(new Event('ended'));
    });
    await first.getByText('No microphone found.').waitFor();
    await second.getByText('You cannot be heard').first().waitFor();
    await first.evaluate(() => { globalThis.refusal = null; navigator.mediaDevices.dispatchEvent(new Event('devicechange')); });
    await second.getByText('You cannot be heard').first().waitFor({ state: 'detached' });
    await second.getByText('Talking', { exact: true }).waitFor();
    await person.leave();
  }));

  test('a page that nobody looks at tells of a call by the browser, once', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { prepare: hidden });
    await person.phoneReady();
    const ucid = await desk.inbound('9000000101');
    await person.page.getByRole('alertdialog').waitFor();
    const told = () => person.page.evaluate(() => globalThis.told);
    assert.deepEqual((await until('it is told', async () => (await told()).length > 0 && await told())).map(({ title, tag }) => [title, tag]), [['Incoming call', ucid]]);
    await desk.customer(ucid, 'hangup');
    await person.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await until('the missed call is told', async () => (await told()).some(({ title }) => title.startsWith('Missed call')));
    assert.equal((await told()).filter(({ title }) => title === 'Incoming call').length, 1);
    await person.leave();
  }));

  test('so does one that rings for a colleague who asks, of which the desk has no call', { timeout: 90_000 }, run(async (desk, chromium) => {
    const one = await agent(desk, chromium);
    const two = await chromium.person(desk, 'agent02@desk.test', { prepare: hidden });
    for (const person of [one, two]) await person.phoneReady();
    const { extension } = await two.json('/api/phone/config');
    await until('agent02 is free', async () => {
      await two.page.evaluate(() => fetch('/api/agents/agent02/pause', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ reason: 'lunch' }) }));
      const { agents } = await desk.control('state');
      return agents.find(({ id }) => id === 'agent02').pause_reason !== null && (await two.json('/api/calls/live')).calls.length === 0;
    }, 60_000);
    const told = () => two.page.evaluate(() => globalThis.told.filter(({ title }) => title === 'Incoming call'));
    const before = (await told()).length;
    await desk.control('inbound', { did: '918000000001', caller: '9000000042', skill: 'direct_agent01' });
    await one.page.getByRole('alertdialog').waitFor();
    await one.button('Accept').click();
    await one.talks();
    await one.button('Transfer').first().click();
    const dialog = one.page.getByRole('dialog');
    await dialog.getByLabel('Number or extension').fill(extension);
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await two.button('Accept').or(two.button('Pick up')).first().waitFor();
    await until('it is told', async () => (await told()).length > before);
    assert.deepEqual((await told()).slice(before).map(({ title, body }) => [title, body]), [['Incoming call', 'Unknown caller']]);
    await two.leave();
    await one.leave();
  }));

  test('a new network in mid-call: another socket, registered, other candidates, and both hear each other', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    const sockets = [];
    page.on('websocket', (socket) => { if (socket.url().includes('/sip')) sockets.push(socket); });
    await person.phoneReady();
    const customer = await chromium.customer(desk, '500005');
    const ucid = await desk.dialledElsewhere('500005');
    await person.button(/Pick up|Accept/).click();
    await desk.callIs(ucid, 'answered');
    await hearEachOther(person, customer);
    const password = () => page.evaluate(() => /a=ice-ufrag:(\S+)/.exec(globalThis.connections.at(-1).localDescription.sdp)[1]);
    const [before, opened] = [await password(), sockets.length];
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await until('another socket is open', () => sockets.length === opened + 1);
    await until('the candidates are others', async () => await password() !== before);
    await person.phoneReady();
    await hearEachOther(person, customer);
    assert.equal((await desk.call(ucid)).state, 'answered');
    await page.getByText('Talking', { exact: true }).waitFor();
    assert.equal(await page.getByText('You cannot be heard').count(), 0);
    await person.leave();
    await customer.context.close();
  }));

  test('a follow-up that falls due is said once, wherever one is', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    const due = Date.now() + 3_000;
    const added = await page.evaluate(async (dueAt) => (await fetch('/api/follow-ups', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ dueAt, number: '9000000101', text: 'the price list' }) })).status, due);
    assert.ok(added < 300, String(added));
    await page.getByText('Follow-up is due').waitFor({ timeout: 20_000 });
    assert.equal(await page.getByText('Follow-up is due').count(), 1);
    await page.getByRole('tab', { name: 'Follow-ups' }).click();
    const entry = page.getByRole('listitem').filter({ hasText: 'the price list' });
    await entry.getByText('overdue').waitFor();
    await entry.getByRole('button', { name: 'Done' }).click();
    await entry.waitFor({ state: 'detached' });
    await person.leave();
  }));
});
