// Whoever types as the page changes goes on typing: nothing is chosen, sent or lost by it.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** What was sent to a path by this page. */
function sent({ page }, method, path) {
  const found = [];
  page.on('request', (request) => { if (request.method() === method && path.test(new URL(request.url()).pathname)) found.push(request.postData()); });
  return found;
}

describe('typing', { concurrency: 2 }, () => {
  test('notes go on in the form after the call when the customer hangs up in mid-sentence', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    const given = sent(person, 'POST', /disposition$/);
    const text = 'wants to call back soon\nat 3 or 4\n 1 2 more';
    await page.getByLabel('Notes').click();
    const typing = page.keyboard.type(text, { delay: 70 });
    await desk.customer(ucid, 'hangup');
    await page.getByText('How did it end?').waitFor();
    assert.ok((await page.getByLabel('Notes').inputValue()).length < text.length, 'the customer was gone before all was typed');
    await typing;
    assert.equal(await page.getByLabel('Notes').inputValue(), text);
    assert.deepEqual([given, await page.locator('input[type=radio]:checked').count()], [[], 0]);
    await until('the notes are kept', async () => (await person.json(`/api/calls/${ucid}`)).notes === text);
    // While it is on its way nothing is typed that would not go along.
    let go = () => {};
    const held = new Promise((resolve) => { go = resolve; });
    await page.route('**/disposition', async (route) => { await held; await route.fallback(); });
    const disposed = person.dispose('Info Provided');
    await page.locator('textarea[readonly]').waitFor();
    go();
    await disposed;
    assert.equal((await person.json(`/api/calls/${ucid}`)).notes, text);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await person.leave();
  }));

  test('keys of the keypad choose nothing in the form that takes its place', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    const given = sent(person, 'POST', /disposition$/);
    await person.button('Keypad').click();
    // A key each 80 ms, by its own clock: how busy the computer is makes no pause.
    await page.evaluate(() => {
      let [at, n] = [performance.now(), 0];
      globalThis.typing = setInterval(() => {
        at += 80;
        n += 1;
        const event = new KeyboardEvent('keydown', { key: n % 2 ? '2' : 'Enter', bubbles: true, cancelable: true });
        Object.defineProperty(event, 'timeStamp', { value: at });
        (document.activeElement ?? document.body).dispatchEvent(event);
      }, 80);
    });
    await desk.customer(ucid, 'hangup');
    await page.getByText('How did it end?').waitFor();
    await page.waitForTimeout(1_500);
    await page.evaluate(() => clearInterval(globalThis.typing));
    assert.deepEqual([given, await page.locator('input[type=radio]:checked').count()], [[], 0]);
    await page.waitForTimeout(600);
    await page.keyboard.press('2');
    assert.equal(await page.locator('input[type=radio]:checked').count(), 1);
    await person.leave();
  }));

  test('what one began to book before the call is there in it', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    const row = page.locator('.entry').filter({ hasText: 'Lead' }).first();
    await row.locator('button.who').click();
    const section = page.getByRole('region', { name: 'Appointments' });
    await section.getByRole('button', { name: 'Book appointment' }).click();
    await section.getByLabel('Department').selectOption({ index: 1 });
    await until('doctors are there', async () => (await section.getByLabel('Doctor').locator('option').count()) > 1);
    await section.getByLabel('Doctor').selectOption({ index: 1 });
    await section.getByLabel('Note for the appointment').fill('brings the old papers');
    const doctor = await section.getByLabel('Doctor').inputValue();
    await row.getByRole('button', { name: /^Call / }).click();
    await person.talks();
    assert.deepEqual([await section.getByLabel('Doctor').inputValue(), await section.getByLabel('Note for the appointment').inputValue()], [doctor, 'brings the old papers']);
    // The form is about the call now: it is not of the next customer.
    await person.button('End').click();
    await person.dispose('Info Provided');
    await person.back();
    await person.dial('9000000009');
    await person.talks();
    assert.equal(await section.getByLabel('Doctor').count(), 0);
    await person.leave();
  }));

  test('the form of what is owed stays, whatever becomes of the list below it', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await person.button('End').click();
    await page.getByText('How did it end?').waitFor();
    await desk.advance(600);
    await page.getByText('The service closed this call itself').waitFor();
    await person.back();
    await page.getByRole('tab', { name: 'To dispose' }).click();
    await page.getByRole('list', { name: 'Dispositions still owed' }).getByRole('button', { name: 'Choose' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: 'Info Provided' }).check();
    await dialog.getByLabel('Notes').fill('told the price');
    person.provokes(/500/);
    await person.context.route('**/api/owed', (route) => route.fulfill({ status: 500, body: '' }));
    await page.evaluate(() => { dispatchEvent(new Event('offline')); });
    await page.evaluate(() => { dispatchEvent(new Event('online')); });
    const asked = page.waitForResponse((response) => response.url().endsWith('/api/owed') && response.status() === 500);
    await desk.inbound('9000000103');
    await asked.catch(() => {});
    await page.waitForTimeout(500);
    assert.deepEqual([await dialog.getByLabel('Notes').inputValue(), await dialog.getByRole('radio', { name: 'Info Provided' }).isChecked()], ['told the price', true]);
    await person.context.unrouteAll();
    await dialog.getByRole('button', { name: 'Save disposition' }).click();
    await dialog.waitFor({ state: 'detached' });
    await person.leave();
  }));

  test('a recording goes on while the list of calls cannot be read', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    const row = { ucid: '7000001', direction: 'inbound', number: '…01', agents: ['agent01'], legs: 1, outcome: 'completed', answered: true, disposition: null, talkSec: 9, recorded: true, startedAt: Date.now(), campaign: null, notes: null };
    let fails = false;
    await person.context.route(/\/api\/calls\?/, (route) => fails ? route.fulfill({ status: 500, body: '' }) : route.fulfill({ json: { calls: [row], next: null, neverRead: [] } }));
    // It never ends: what is shown is that it is asked for once.
    let recordings = 0;
    await person.context.route('**/recording?*', () => { recordings += 1; });
    person.provokes(/500/);
    await page.getByRole('link', { name: 'Call History' }).click();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('audio').waitFor();
    await page.locator('audio').evaluate((element) => { element.dataset.same = 'yes'; });
    fails = true;
    await page.getByText('Call history could not be loaded.').waitFor({ timeout: 40_000 });
    assert.deepEqual([await page.locator('audio').getAttribute('data-same'), recordings], ['yes', 1]);
    await person.leave();
  }));
});
