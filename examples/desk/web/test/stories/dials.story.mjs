// Dials whose outcome is late, lost or refused, and a phone that cannot answer.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

const problem = (status, body) => ({ status, contentType: 'application/problem+json', body: JSON.stringify({ status, mayHaveHappened: false, ...body }) });
const blocked = (button) => button.getAttribute('aria-disabled');

describe('dials', { concurrency: 2 }, () => {
  test('from the card of a saved call a refusal is seen, and whoever is chosen is shown', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('End').click();
    let said = null;
    page.on('request', (request) => { if (request.url().endsWith(`/api/calls/${ucid}/disposition`)) said = request.postDataJSON(); });
    // The customer changes their mind: the time is not of what is said in the end.
    await page.getByRole('radio', { name: 'Follow Up' }).check();
    await page.getByLabel('Call back at').fill('2099-01-01T10:00');
    await person.dispose('Info Provided');
    assert.equal('callBackAt' in said, false, JSON.stringify(said));
    await until('the service has it', async () => (await desk.call(ucid)).state === 'ended');
    await until('another call can be placed', async () => {
      await page.getByLabel('Number to call').fill('9000000009');
      return await blocked(page.getByRole('button', { name: 'Call', exact: true })) === null;
    });
    await person.context.route('**/api/calls', (route) => route.fulfill(problem(409, { message: 'Customers are not called at this time of day.', reason: 'outside_calling_hours' })));
    person.provokes(/409/);
    await person.dial('9000000009');
    await page.getByText('The call was not placed.').waitFor();
    await page.getByText('Customers are not called at this time of day.').waitFor();
    assert.equal(await page.getByText('After the call').count(), 0);
    await person.picture('refused-after-a-saved-call');
    const row = page.getByRole('tabpanel').getByRole('listitem').first();
    const name = await row.locator('strong').textContent();
    await row.locator('button.who').click();
    await page.getByRole('region', { name: 'Preparation' }).getByRole('heading', { name }).waitFor();
    assert.equal(await page.getByText('The call was not placed.').count(), 0);
    await person.leave();
  }));

  test('while the outcome of one is not known no list places another', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await desk.fault('/ca_apis/AgentManualDial', 'close_before', { count: 1 });
    person.provokes(/50[24]/);
    await person.dial('9000000006');
    await page.getByText('We do not know whether').waitFor();
    await page.getByLabel('Number to call').fill('9000000009');
    const buttons = [page.getByRole('button', { name: 'Call', exact: true }), page.getByRole('tabpanel').getByRole('button', { name: /^Call / }).first()];
    for (const button of buttons) assert.deepEqual([await blocked(button), await button.getAttribute('title')], ['true', 'another call is being placed']);
    await buttons[0].click({ force: true });
    await page.getByText('We do not know whether').waitFor();
    await person.leave();
  }));

  test('one whose call was over before the page could hear of it does not call for ever', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.back();
    await until('it is closed', async () => (await person.json(`/api/calls/${ucid}`)).phase === 'closed');
    const keep = (change) => page.evaluate((dial) => sessionStorage.setItem(`desk-dial:${sessionStorage.getItem('desk-user')}`, JSON.stringify(dial)), { key: 'k', number: '9000000001', name: null, leadId: null, lostAt: null, state: 'accepted', reference: null, problem: null, reason: null, ...change });
    await keep({ ucid, at: Date.now() - 25_000 });
    await page.reload();
    await page.getByText('Calling …').first().waitFor();
    await page.getByText('No call', { exact: true }).waitFor();
    await keep({ ucid: '70000000000009999', at: Date.now() - 31_000 });
    person.provokes(/404/);
    await page.reload();
    await page.getByText('Nothing has been heard of this call yet.').waitFor();
    await person.picture('silent-dial');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('No call', { exact: true }).waitFor();
    // Who signs in next has nothing of it.
    await keep({ ucid, at: Date.now(), state: 'refused' });
    await person.button('Your profile').click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('E-mail').waitFor();
    assert.equal(await page.evaluate(() => Object.keys(sessionStorage).find((name) => name.startsWith('desk-dial')) ?? null), null);
    await person.leave();
  }));

  test('without a microphone no call is placed, what rings says why, and can be picked up once there is one', { timeout: 90_000 }, run(async (desk, chromium) => {
    const prepare = (context) => context.addInitScript(() => {
      globalThis.refusal = 'NotAllowedError';
      const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = (wish) => globalThis.refusal === null ? given(wish) : Promise.reject(new DOMException('no', globalThis.refusal));
    });
    const person = await agent(desk, chromium, { prepare });
    const { page } = person;
    await page.locator('.bar').getByText('the microphone is blocked').waitFor();
    await page.getByLabel('Number to call').fill('9000000001');
    const call = page.getByRole('button', { name: 'Call', exact: true });
    assert.deepEqual([await blocked(call), await call.getAttribute('title')], ['true', 'the microphone is blocked']);
    await until('the phone is registered', async () => (await person.json('/api/agents/agent01')).phone?.registered);
    // Another program dials for the agent: its leg would be answered by itself.
    const placed = await desk.api('POST', '/api/calls', { number: '9000000001', agent: 'agent01' });
    assert.equal(placed.status, 200, JSON.stringify(placed.body));
    const pickUp = page.getByRole('button', { name: 'Pick up to connect' });
    await pickUp.waitFor();
    await page.getByText('The microphone is blocked for this page.').waitFor();
    await person.picture('rings-without-microphone');
    await page.evaluate(() => { globalThis.refusal = null; });
    await pickUp.click();
    await person.talks();
    await person.leave();
  }));

  test('who was muted when a call ended is heard in the next', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    const sent = () => page.evaluate(() => globalThis.connections.at(-1).getSenders().find((sender) => sender.track?.kind === 'audio').track.enabled);
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await page.getByRole('button', { name: 'Mute', exact: true }).click();
    await page.getByRole('button', { name: 'Unmute', exact: true }).waitFor();
    assert.equal(await sent(), false);
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.back();
    await person.dial('9000000003');
    await person.talks();
    await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
    assert.equal(await sent(), true);
    await person.leave();
  }));

  test('a phone that could not be started is tried again', { timeout: 60_000 }, run(async (desk, chromium) => {
    let down = true;
    const prepare = (context) => context.route('**/api/phone/config', (route) => {
      return down ? route.fulfill(problem(502, { message: 'The telephone system cannot be reached.' })) : route.fallback();
    });
    const person = await agent(desk, chromium, { prepare });
    person.provokes(/502/);
    await person.page.getByText('Phone could not be started').waitFor();
    await person.picture('phone-not-started');
    down = false;
    await person.button('Phone could not be started').click();
    await person.phoneReady();
    await person.leave();
  }));

  test('the phone of a tab that is in a call stays there, and the other tab says so', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    const second = await person.open();
    await second.getByText('Use the phone here').click();
    await second.locator('.toast').getByText('you are in a call').waitFor();
    assert.equal(await second.getByText('Use the phone here').count(), 1);
    await person.leave();
  }));
});
