// Whole calls under conditions: by keyboard, on a narrow screen, transferred, unanswered, unknown.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, PASSWORD, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** Presses Tab until the focus is on what is wanted; fails if it is covered by something. */
async function tabTo(page, name) {
  for (let at = 0; at < 80; at += 1) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const focused = document.activeElement;
      const label = focused?.labels?.[0]?.textContent ?? focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
      const { left, top, width, height } = focused?.getBoundingClientRect() ?? {};
      const above = document.elementFromPoint(left + width / 2, top + height / 2);
      return { label: label.trim(), covered: above !== null && !focused.contains(above) && !above.contains(focused) };
    });
    if (!found.label.startsWith(name)) continue;
    assert.equal(found.covered, false, `${name} is covered`);
    return;
  }
  throw new Error(`Tab never comes to ${name}`);
}

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth);

describe('whole', { concurrency: 2 }, () => {
  test('a whole call by keyboard alone', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await chromium.visitor(desk, 'agent01@desk.test');
    const { page } = person;
    const keys = page.keyboard;
    await tabTo(page, 'E-mail');
    await keys.type('agent01@desk.test');
    await tabTo(page, 'Password');
    await keys.type(PASSWORD);
    await keys.press('Enter');
    await person.phoneReady();
    await tabTo(page, 'Number to call');
    await keys.type('9000000001');
    await keys.press('Enter');
    const ucid = await person.talks();
    await keys.press('h');
    await page.getByText('On hold', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).and(page.locator(':not([aria-disabled])')).waitFor();
    await keys.press('h');
    await page.getByText('Talking', { exact: true }).waitFor();
    await keys.press('m');
    await page.getByRole('button', { name: 'Unmute', exact: true }).waitFor();
    await keys.press('m');
    await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
    await tabTo(page, 'Keypad');
    await keys.press('Enter');
    await tabTo(page, '5');
    await keys.press('Enter');
    await tabTo(page, 'Notes');
    await keys.type('asked for the price');
    await keys.press('Escape');
    await tabTo(page, 'Transfer');
    await keys.press('Enter');
    await page.getByRole('dialog').waitFor();
    await keys.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await keys.press('e');
    await page.getByText('How did it end?').waitFor();
    await page.locator('input[type=radio]:focus').waitFor();
    // A key that comes with the form was meant for something else.
    await keys.press('1');
    assert.equal(await page.locator('input[type=radio]:checked').count(), 0);
    await page.waitForTimeout(600);
    await keys.press('2');
    const chosen = await page.locator('input[type=radio]:checked').getAttribute('value');
    await keys.press('Enter');
    await page.getByRole('button', { name: 'Back to Worklist' }).and(page.locator(':focus')).waitFor();
    await keys.press('Enter');
    await page.getByText('No call', { exact: true }).waitFor();
    const { disposition, notes } = await person.json(`/api/calls/${ucid}`);
    assert.deepEqual([disposition.code, notes], [chosen, 'asked for the price']);
    const second = await desk.inbound('9000000002');
    await page.getByRole('alertdialog').waitFor();
    await keys.press('a');
    await desk.callIs(second, 'answered');
    await page.getByText('Talking', { exact: true }).waitFor();
    await keys.press('e');
    await page.getByText('How did it end?').waitFor();
    await person.leave();
  }));

  test('a call on a screen of 360 pixels', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium, { viewport: { width: 360, height: 740 }, hasTouch: true });
    const { page } = person;
    const fits = async (what) => {
      assert.ok(await wide(page) <= 360, `${what} is ${await wide(page)} wide`);
      await person.picture(`narrow-${what}`);
    };
    await person.button('Phone ready').or(page.getByRole('status').filter({ hasText: 'Phone ready' })).first().waitFor({ state: 'attached' });
    await fits('no-call');
    await person.dial('9000000001');
    await person.talks();
    await fits('talking');
    const end = await person.button('End').boundingBox();
    assert.ok(end.y >= 0 && end.y + end.height <= 740, 'End is on the screen');
    assert.ok(end.height >= 24 && end.width >= 24, 'End can be hit');
    await person.button('More').click();
    await page.getByRole('menuitem', { name: 'Pause rec' }).click();
    await page.getByText('recording paused').waitFor();
    await person.button('More').click();
    await page.getByRole('menuitem', { name: 'Transfer' }).click();
    await page.getByRole('dialog').waitFor();
    await fits('transfer');
    await page.getByRole('button', { name: 'Close' }).click();
    await person.button('End').click();
    await page.getByText('How did it end?').waitFor();
    await fits('after-call');
    await person.dispose('Follow Up');
    await person.back();
    const ucid = await desk.inbound('9000000003');
    await page.getByRole('alertdialog').waitFor();
    await fits('ringing');
    const accept = await person.button('Accept').boundingBox();
    assert.ok(accept.y >= 0 && accept.y + accept.height <= 740, 'Accept is on the screen');
    await desk.customer(ucid, 'hangup');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    for (const [name, path] of [['history', '/call-history'], ['performance', '/my-performance']]) {
      await page.goto(desk.http + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await fits(name);
    }
    await person.leave();
  }));

  test('a cold transfer: the agent leaves at once, the customer stays with the third party', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('Transfer').first().click();
    await person.page.getByRole('dialog').getByLabel('Number or extension').fill('9000000009');
    await person.page.getByRole('dialog').getByRole('button', { name: 'Transfer at once' }).click();
    await person.page.getByText('How did it end?').waitFor();
    const call = await desk.call(ucid);
    assert.equal(call.conference.length, 1);
    assert.notEqual(call.legs[0].ended, null);
    await person.dispose('Info Provided');
    await person.leave();
  }));

  test('a transfer that is cancelled: the third party goes, the agent goes on talking', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('Transfer').first().click();
    const dialog = person.page.getByRole('dialog');
    await dialog.getByLabel('Number or extension').fill('9000000009');
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await dialog.getByText('Third party 9').waitFor();
    await until('the third party is there', async () => (await desk.call(ucid)).conference[0]?.state === 'joined');
    await dialog.getByRole('button', { name: 'Cancel the transfer' }).click();
    await until('the third party is gone', async () => (await desk.call(ucid)).conference[0]?.state !== 'joined');
    const after = await desk.call(ucid);
    assert.deepEqual([after.state, after.legs[0].ended], ['answered', null]);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await person.page.getByText('Talking', { exact: true }).waitFor();
    await person.button('End').click();
    await person.dispose('Follow Up');
    await person.leave();
  }));

  test('nobody answers: a customer who does not pick up is disposed of, a caller who gives up is in the queue', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.dial('9000000004');
    const ringing = await until('the customer is rung', async () => (await desk.callsTo('9000000004')).find(({ state }) => state === 'customer_ringing'));
    await desk.customer(ringing.ucid, 'no_answer');
    await person.page.getByText('How did it end?').waitFor();
    await person.dispose('No Answer');
    await person.back();
    const before = (await person.json('/api/missed')).missed.length;
    const ucid = await desk.inbound('9000000008');
    await person.page.getByRole('alertdialog').waitFor();
    await desk.customer(ucid, 'hangup');
    await person.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await person.page.getByText('Missed call from').waitFor();
    assert.equal((await person.json('/api/missed')).missed.length, before + 1);
    await person.page.getByRole('tab', { name: 'Missed' }).click();
    const entry = person.page.getByRole('listitem').filter({ hasText: '90000 00008' });
    await entry.getByRole('button', { name: 'Take' }).click();
    await entry.getByRole('button', { name: 'Give back' }).waitFor();
    await entry.getByRole('button', { name: 'Call 90000 00008' }).click();
    await person.talks();
    await person.button('End').click();
    await person.dispose('Info Provided');
    await until('who was called back is missed no more', async () => (await person.json('/api/missed')).missed.length === before);
    await person.leave();
  }));

  test('a supervisor settles a dial of unknown outcome, and the agent can call again', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await desk.fault('/ca_apis/AgentManualDial', 'close_before', { count: 1 });
    person.provokes(/50[24]/);
    await person.dial('9000000006');
    await person.page.getByText('We do not know whether').waitFor();
    const supervisor = await chromium.person(desk, 'supervisor01@desk.test');
    await supervisor.page.getByRole('link', { name: 'Team' }).click();
    await supervisor.page.getByRole('button', { name: 'Settle' }).click();
    await supervisor.page.getByLabel('How do you know?').fill('the customer says so');
    await supervisor.picture('settle');
    await supervisor.page.getByRole('button', { name: 'It did not ring' }).click();
    await supervisor.page.getByText('Every dial has a known outcome.').waitFor();
    await person.page.getByText('The call was not placed.').waitFor();
    await person.page.getByText('We do not know whether').waitFor({ state: 'detached' });
    await person.dial('9000000006');
    await person.talks();
    assert.equal((await desk.callsTo('9000000006')).length, 1);
    await person.leave();
    await supervisor.leave();
  }));
});
