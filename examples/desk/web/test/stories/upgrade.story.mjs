// Parts of the page that do not come, since the network lost them or the desk has a newer page: the rest goes on.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);
const LOST = [/404/, /Failed to fetch dynamically/, /could not be loaded/, /Failed to load resource/, /NotLoaded/];

/** Scripts whose name begins so are gone; answers how to have them again. */
async function gone(context, ...names) {
  const pattern = new RegExp(`/assets/(${names.join('|')})-[^/]+\\.js`);
  await context.route(pattern, (route) => route.fulfill({ status: 404, body: '' }));
  return () => context.unroute(pattern);
}

/** The desk serves another page from now on. */
const upgraded = (context) => context.route((url) => url.pathname === '/', async (route) => {
  const response = await route.fetch();
  await route.fulfill({ response, body: (await response.text()).replace(/\/assets\/index-/g, '/assets/index-newer') });
});

describe('upgrade', { concurrency: 2 }, () => {
  test('a part that does not come takes neither the call nor its form along, and can be had again', { timeout: 90_000 }, run(async (desk, chromium) => {
    let again = () => {};
    const person = await agent(desk, chromium, { prepare: async (context) => { again = await gone(context, 'Appointments'); } });
    const { page } = person;
    person.provokes(...LOST);
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await page.getByText('This part of the page could not be loaded.').waitFor();
    await person.picture('part-not-loaded');
    await person.button('Hold').click();
    await page.getByText('On hold', { exact: true }).waitFor();
    await again();
    await page.getByRole('button', { name: 'Load it again' }).click();
    await page.getByRole('region', { name: 'Appointments' }).waitFor();
    await page.getByText('On hold', { exact: true }).waitFor();
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.leave();
  }));

  test('the parts of a call are there before the first one', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {});
    await gone(person.context, 'Appointments', 'LeadPanel', 'CustomerWindows', 'AddFollowUp');
    await person.dial('9000000001');
    await person.talks();
    await person.page.getByRole('region', { name: 'Appointments' }).waitFor();
    await person.button('End').click();
    await person.dispose('Follow Up');
    await person.button('Add a follow-up').click();
    await person.page.getByLabel('What for').waitFor();
    await person.leave();
  }));

  test('a newer page is loaded when it suits: not in a call, and by itself where a page of this one is gone', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    person.provokes(...LOST, /ERR_INTERNET_DISCONNECTED/, /ERR_NETWORK_CHANGED/, /WebSocket/);
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await page.getByLabel('Notes').fill('typed before the upgrade');
    await upgraded(person.context);
    const again = await gone(person.context, 'History');
    await page.evaluate(() => { dispatchEvent(new Event('offline')); dispatchEvent(new Event('online')); });
    const load = page.getByRole('button', { name: 'Load the page' });
    await load.and(page.locator('[aria-disabled=true]')).waitFor();
    await person.picture('newer-page');
    await page.getByRole('link', { name: 'Call History' }).click();
    await page.getByText('Talking', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'To the call' }).click();
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.back();
    // From here on the newer page is there.
    await person.context.unrouteAll();
    await again();
    await load.and(page.locator(':not([aria-disabled])')).click();
    await person.phoneReady();
    assert.equal(await load.count(), 0);
    await gone(person.context, 'Performance');
    await upgraded(person.context);
    let loads = 0;
    page.on('domcontentloaded', () => { loads += 1; void person.context.unrouteAll(); });
    await page.getByRole('link', { name: 'My Performance' }).click();
    await page.getByRole('heading', { name: 'My Performance' }).waitFor();
    assert.equal(loads, 1);
    await person.leave();
  }));
});
