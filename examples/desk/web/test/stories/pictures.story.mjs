// A picture of every page in both themes, with data on it: STORY_PICTURES=DIR keeps them.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });

const CALLS = [['9000000102', 'Appointment Booked'], ['9000000103', 'Follow Up'], ['9000000104', 'Info Provided'], ['9000000105', 'Not Interested']];

/** A day's work, and what a supervisor sees of it. */
async function work(desk, chromium) {
  const agent = await chromium.person(desk, 'agent01@desk.test');
  await agent.phoneReady();
  for (const [number, disposition] of CALLS) {
    await agent.dial(number);
    await agent.talks();
    await agent.button('End').click();
    await agent.dispose(disposition);
    await agent.back();
  }
  const inbound = await desk.inbound('9000000005');
  await agent.page.getByRole('alertdialog').waitFor();
  await agent.button('Accept').click();
  await desk.callIs(inbound, 'answered');
  await desk.customer(inbound, 'hangup');
  await agent.dispose('Info Provided');
  await agent.leave();
}

describe('pictures', () => {
  test('every page, light and dark', { timeout: 300_000 }, story(() => browser, async (desk, chromium) => {
    await work(desk, chromium);
    const person = await chromium.visitor(desk, 'agent01@desk.test');
    const { page } = person;
    const both = async (name, who = person) => {
      for (const theme of ['light', 'dark']) {
        await who.page.emulateMedia({ colorScheme: theme });
        await who.page.evaluate(() => new Promise((done) => { setTimeout(done, 150); }));
        await who.picture(`${name}-${theme}`);
      }
    };
    await both('sign-in');
    await person.signIn();
    await person.phoneReady();
    await page.locator('.badge').filter({ hasText: 'Ready' }).waitFor();
    await both('call-desk');
    await person.dial('9000000101');
    await page.getByRole('heading', { name: 'Asha Demo' }).first().waitFor();
    await person.talks();
    await page.getByLabel('Notes').fill('Asked for the price list; call again on Monday.');
    await page.getByText('saved').first().waitFor();
    await both('call');
    await person.button('End').click();
    await page.getByText('How did it end?').waitFor();
    await page.getByRole('radio', { name: 'Follow Up' }).check();
    await both('after-call');
    await person.dispose('Follow Up');
    await person.back();
    const ringing = await desk.inbound('9000000102');
    await page.getByRole('alertdialog').waitFor();
    await both('ringing');
    await desk.customer(ringing, 'hangup');
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Call History' }).click();
    await until('the calls are in the history', async () => (await person.json('/api/calls')).calls.length >= CALLS.length, 120_000);
    await page.reload();
    await page.getByRole('row').nth(3).waitFor();
    await both('history');
    await page.getByRole('link', { name: 'My Performance' }).click();
    await until('the figures have the calls', async () => (await person.json('/api/performance')).calls.answered >= CALLS.length + 1, 120_000);
    await page.reload();
    await page.locator('.figure').filter({ hasText: /^[1-9]/ }).first().waitFor();
    await page.locator('.chart svg').first().waitFor();
    await page.evaluate(() => new Promise((done) => { setTimeout(done, 1_500); }));
    await both('performance');
    await person.leave();

    const admin = await chromium.person(desk, 'admin@desk.test');
    await admin.page.getByRole('row').nth(3).waitFor();
    await both('wallboard', admin);
    await admin.page.getByRole('link', { name: 'Team' }).click();
    await admin.page.getByText('Every dial has a known outcome.').waitFor();
    await both('team', admin);
    await admin.page.getByRole('link', { name: 'Admin' }).click();
    await admin.page.getByRole('row').nth(3).waitFor();
    await both('admin', admin);
    await admin.leave();

    const narrow = await chromium.person(desk, 'agent01@desk.test', { viewport: { width: 360, height: 740 } });
    await narrow.page.getByLabel('Number to call').waitFor();
    await narrow.dial('9000000106');
    await narrow.talks();
    await both('narrow-call', narrow);
    assert.equal(await narrow.page.evaluate(() => document.documentElement.scrollWidth), 360);
    await narrow.leave();
  }));
});
