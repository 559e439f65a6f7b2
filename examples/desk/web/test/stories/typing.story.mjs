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
    await person.dispose('Info Provided');
    assert.equal((await person.json(`/api/calls/${ucid}`)).notes, text);
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
    const pressed = (async () => {
      for (let at = 0; at < 30; at += 1) { await page.keyboard.press('2', { delay: 20 }); await page.keyboard.press('Enter'); await page.waitForTimeout(60); }
    })();
    await desk.customer(ucid, 'hangup');
    await page.getByText('How did it end?').waitFor();
    await pressed;
    assert.deepEqual([given, await page.locator('input[type=radio]:checked').count()], [[], 0]);
    await page.waitForTimeout(600);
    await page.keyboard.press('2');
    assert.equal(await page.locator('input[type=radio]:checked').count(), 1);
    await person.leave();
  }));
});
