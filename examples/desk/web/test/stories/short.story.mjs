// The stories that every run of the tests tells: signing in, who may see what, a call each way.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

describe('short', { concurrency: 2 }, () => {
  test('each role has its pages and no others', { timeout: 90_000 }, run(async (desk, chromium) => {
    const pages = {
      'agent01@desk.test': ['Call Desk', 'Call History', 'My Performance'],
      'supervisor01@desk.test': ['Wallboard', 'Call History', 'Team'],
      'admin@desk.test': ['Wallboard', 'Call History', 'Team', 'Admin'],
    };
    for (const [email, names] of Object.entries(pages)) {
      const person = await chromium.person(desk, email);
      assert.deepEqual(await person.page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allTextContents(), names);
      if (email.startsWith('agent')) {
        person.provokes(/403/);
        await person.page.goto(`${desk.http}/admin`);
        await person.page.getByText('You may not do that.').waitFor();
        assert.equal(await person.page.evaluate(async () => (await fetch('/api/admin/users')).status), 403);
      }
      await person.picture(email.split('@')[0]);
      await person.leave();
    }
  }));

  test('a wrong password is told as such, and what was typed stays', { timeout: 60_000 }, run(async (desk, chromium) => {
    const context = await chromium.browser.newContext({ locale: 'en-IN' });
    const page = await context.newPage();
    await page.goto(desk.http);
    await page.getByLabel('E-mail').fill('agent01@desk.test');
    await page.getByLabel('Password', { exact: true }).fill('not it');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail or password is not right.').waitFor();
    assert.equal(await page.getByLabel('E-mail').inputValue(), 'agent01@desk.test');
    await context.close();
  }));

  test('outbound: dial, talk, hold, end, dispose, back to the worklist', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    // The customer of the demo picks up soon, sooner than a locator looks again: the page itself watches its card.
    const calling = person.page.evaluate(() => new Promise((resolve) => {
      const watch = new MutationObserver(() => {
        if (!document.querySelector('.call-card')?.textContent.includes('Calling …')) return;
        watch.disconnect();
        resolve(true);
      });
      watch.observe(document.body, { subtree: true, childList: true, characterData: true });
      setTimeout(() => resolve(false), 15_000);
    }));
    await person.dial('9000000001');
    assert.equal(await calling, true, 'the card appears at once and says that it calls');
    const ucid = await person.talks();
    assert.equal(await person.button('Accept').count(), 0);
    await person.button('Hold').click();
    await person.page.getByText('On hold', { exact: true }).waitFor();
    assert.equal((await desk.call(ucid)).held, true);
    await person.button('Resume').click();
    await person.page.getByText('Talking', { exact: true }).waitFor();
    await person.button('End').click();
    await person.page.getByText('After the call').first().waitFor();
    await person.dispose('Info Provided', 'asked for the price list');
    await until('the service has the disposition', async () => (await desk.call(ucid)).state === 'ended');
    await person.back();
    await person.page.getByText('No call', { exact: true }).waitFor();
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await person.leave();
  }));

  test('redial at once, and an inbound call after an outbound one rings', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    for (const number of ['9000000001', '9000000002']) {
      await person.dial(number);
      await person.talks();
      await person.button('End').click();
      await person.dispose('No Answer');
      await person.back();
    }
    const ucid = await desk.inbound('9000000003');
    const rings = person.page.getByRole('alertdialog');
    await rings.waitFor();
    assert.equal((await desk.call(ucid)).state, 'agent_ringing');
    assert.equal(await person.button('Accept').count(), 1);
    await person.button('Accept').click();
    await person.page.getByText('Talking', { exact: true }).waitFor();
    await desk.callIs(ucid, 'answered');
    await desk.customer(ucid, 'hangup');
    await person.dispose('Follow Up');
    await person.leave();
  }));

  test('two clicks on one number ring once', { timeout: 60_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    await person.page.getByLabel('Number to call').fill('9000000005');
    await person.page.getByRole('button', { name: 'Call', exact: true }).dblclick();
    await person.talks();
    assert.equal((await desk.callsTo('9000000005')).length, 1);
    await person.leave();
  }));
});
