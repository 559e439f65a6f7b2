// The stories that every run of the tests tells: signing in, who may see what.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);

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
});
