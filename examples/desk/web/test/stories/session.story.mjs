// Sessions that end, or become somebody else's, while a page is open.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, PASSWORD, Person, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
const agent = (desk, chromium, options) => chromium.person(desk, 'agent01@desk.test', options);

/** The session ends, and nothing on the page knows why. */
const endSession = ({ page }) => page.evaluate(() => fetch('/api/session', { method: 'DELETE' }));

async function signInAgain({ page }) {
  const password = page.getByRole('dialog', { name: 'Your session has ended' }).getByLabel('Password', { exact: true });
  await password.and(page.locator(':focus')).waitFor();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('Your session has ended').waitFor({ state: 'detached' });
}

describe('session', { concurrency: 2 }, () => {
  test('a session that ends while nothing is pressed is told, and the page goes on after signing in', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    await person.phoneReady();
    person.provokes(/401/);
    await endSession(person);
    await person.page.getByText('Your session has ended').waitFor({ timeout: 40_000 });
    await person.picture('session-ended');
    await signInAgain(person);
    await person.page.locator('.stale').waitFor({ state: 'detached' });
    await person.dial('9000000001');
    await person.talks();
    await person.leave();
  }));

  test('the password is asked for above a dialog that is open, and what was typed in it stays', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await person.button('Transfer').first().click();
    const number = page.getByRole('dialog').getByLabel('Number or extension');
    await number.fill('9000000009');
    person.provokes(/401/);
    await endSession(person);
    await page.getByText('Your session has ended').waitFor({ timeout: 40_000 });
    await person.picture('session-ended-dialog');
    // It stays, however often Escape is pressed, and the focus stays in it.
    for (let at = 0; at < 4; at += 1) await page.keyboard.press('Escape');
    for (let at = 0; at < 6; at += 1) {
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('.session-ended') !== null), 'the focus is in the dialog');
    }
    await page.getByRole('dialog', { name: 'Your session has ended' }).getByLabel('Password', { exact: true }).focus();
    await signInAgain(person);
    assert.equal(await number.inputValue(), '9000000009');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await person.page.getByText('Talking', { exact: true }).waitFor();
    await person.leave();
  }));

  test('who signs in as somebody else in one tab takes the other tab along', { timeout: 120_000 }, run(async (desk, chromium) => {
    const first = await agent(desk, chromium);
    await first.phoneReady();
    const second = new Person(desk, first.context, 'agent02@desk.test');
    await second.open();
    await second.page.getByText('The phone is in another tab').first().waitFor();
    first.provokes(/401/);
    second.provokes(/401/);
    await second.button('Your profile').click();
    await second.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await second.page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await first.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await second.signIn();
    // The first tab is asked again when somebody signs in elsewhere: it is that one's page now.
    await first.page.reload();
    await first.page.getByRole('navigation', { name: 'Pages' }).waitFor();
    const name = ({ page }) => page.getByRole('button', { name: /Your profile/ }).textContent();
    assert.equal(await name(first), await name(second));
    await until('one tab has the phone', async () => (await Promise.all([first, second].map(({ page }) => page.getByText('Phone ready').count()))).reduce((a, b) => a + b) === 1);
    await first.leave();
  }));

  test('a tab that missed it all finds out by its stream', { timeout: 120_000 }, run(async (desk, chromium) => {
    const first = await agent(desk, chromium);
    await first.phoneReady();
    first.provokes(/401/);
    // Without a word to the tab: the cookie is another user's.
    await first.page.evaluate(async (password) => {
      await fetch('/api/session', { method: 'DELETE' });
      await fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'agent02@desk.test', password }) });
    }, PASSWORD);
    await first.page.getByRole('button', { name: /Your profile: (?!.*One)/ }).waitFor({ timeout: 60_000 });
    await until('it is agent02', async () => (await first.json('/api/me')).agents[0] === 'agent02');
    assert.match(await first.page.getByRole('button', { name: /Your profile/ }).textContent(), new RegExp((await first.json('/api/me')).name));
    await first.leave();
  }));

  test('who signs in after a reload sees nothing of the dial of who was there before', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await desk.fault('/ca_apis/AgentManualDial', 'close_before', { count: 1 });
    person.provokes(/50[24]/, /401/);
    await person.dial('9000000006');
    await page.getByText('We do not know whether').waitFor();
    await page.evaluate(() => fetch('/api/session', { method: 'DELETE' }));
    await page.reload();
    person.email = 'agent02@desk.test';
    await person.signIn();
    await page.getByText('No call').first().waitFor();
    assert.deepEqual([await page.getByText('We do not know whether').count(), await page.getByText('90000 00006').count(), await page.evaluate(() => Object.keys(sessionStorage).find((name) => name === 'desk-dial' || name === `desk-dial:${sessionStorage.getItem('desk-user')}`) ?? null)], [0, 0, null]);
    await person.leave();
  }));

  test('who signs out with notes that are not kept is told, and they are sent first where they can be', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await agent(desk, chromium);
    const { page } = person;
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.button('End').click();
    await page.getByText('How did it end?').waitFor();
    await page.route('**/draft', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ status: 503, message: 'not now', mayHaveHappened: false }) }));
    person.provokes(/503/, /401/);
    await page.getByLabel('Notes').fill('Wants it on Monday.');
    await page.getByText('not saved: the desk cannot be reached').waitFor();
    await person.button('Your profile').click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Sign out' }).click();
    await dialog.getByText('Notes that you typed are not saved').waitFor();
    assert.equal(await dialog.getByText('What you typed is kept.').count(), 0);
    await person.picture('sign-out-loses-notes');
    await page.unroute('**/draft');
    await dialog.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await person.signIn();
    assert.equal((await person.json(`/api/calls/${ucid}`)).notes, 'Wants it on Monday.');
    await person.leave();
  }));

  /** Somebody else signs in in another tab of the same browser: the page that is theirs. */
  async function otherSignsIn(desk, { context }) {
    const page = await context.newPage();
    await page.goto(`${desk.http}/healthz`);
    await page.evaluate(async (password) => {
      await fetch('/api/session', { method: 'DELETE' });
      await fetch('/api/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'agent02@desk.test', password }) });
    }, PASSWORD);
    await page.goto(desk.http);
    await page.getByRole('button', { name: /Your profile/ }).waitFor();
    return page;
  }

  /** What a page asks from now on, but for who is signed in. */
  function asks({ page }) {
    const asked = [];
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith('/api/') && pathname !== '/api/me') asked.push(`${request.method()} ${pathname}`);
    });
    return asked;
  }

  test('a call goes on under a password while somebody else is signed in, and the page is theirs after it', { timeout: 120_000 }, run(async (desk, chromium) => {
    const first = await agent(desk, chromium);
    await first.phoneReady();
    await first.dial('9000000001');
    const ucid = await first.talks();
    first.provokes(/401/);
    const second = await otherSignsIn(desk, first);
    await first.page.getByText('Your session has ended').waitFor();
    const asked = asks(first);
    assert.ok(['answered', 'held'].includes((await desk.call(ucid)).state));
    assert.equal(await first.page.getByText('Talking', { exact: true }).count(), 1);
    // What happens meanwhile is told to the other one's page, and asked for by no part of this one.
    await desk.customer(await desk.inbound('9000000077'), 'hangup');
    await second.getByText(/Missed call from/).first().waitFor({ timeout: 60_000 });
    for (const happened of ['online', 'visibilitychange', 'focus']) await first.page.evaluate((name) => dispatchEvent(new Event(name)), happened);
    assert.deepEqual([asked, await first.page.getByText(/Missed call from/).count()], [[], 0]);
    await desk.customer(ucid, 'hangup');
    await first.page.getByRole('button', { name: /Your profile: (?!.*One)/ }).waitFor();
    assert.equal(await first.page.getByText('Your session has ended').count(), 0);
    await first.leave();
  }));

  test('who is back in a call finds the dial of before as it was, whatever another one would be told of it', { timeout: 120_000 }, run(async (desk, chromium) => {
    const first = await agent(desk, chromium);
    const { page } = first;
    await first.phoneReady();
    await desk.fault('/ca_apis/AgentManualDial', 'close_before', { count: 1 });
    first.provokes(/50[24]/, /401/);
    await first.dial('9000000006');
    const unknown = page.getByText('We do not know whether');
    await unknown.waitFor();
    await desk.inbound('9000000002');
    await first.button(/Pick up|Accept/).click();
    await first.talks();
    const second = await otherSignsIn(desk, first);
    await page.getByText('Your session has ended').waitFor();
    const asked = asks(first);
    // The desk is asked what became of it every five seconds, by whoever made it.
    await page.waitForTimeout(6_000);
    assert.deepEqual([asked, await unknown.count(), await page.getByText('The call was not placed.').count()], [[], 1, 0]);
    await signInAgain(first);
    await until('what was held is asked', async () => asked.some((one) => one.startsWith('GET /api/dials/')) && asked.includes('GET /api/events'));
    assert.equal(asked[0], 'POST /api/session');
    await page.getByText('Talking', { exact: true }).waitFor();
    await second.getByRole('button', { name: /Your profile: .*One/ }).waitFor();
    await first.leave();
  }));
});
