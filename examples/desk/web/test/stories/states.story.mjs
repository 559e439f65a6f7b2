// Every state that the page has: axe in both themes, targets, focus.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';
import { look } from '../look.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
/** Looking takes its time: telephones ring longer. */
const SLOW = { DESK_SIM_SPEED: '0.5' };
const EYES = { bypassCSP: true, reducedMotion: 'reduce' };

describe('states', { concurrency: 2 }, () => {
  test('signing in, and the desk without a call', { timeout: 180_000 }, run(async (desk, chromium) => {
    const person = await chromium.visitor(desk, 'agent01@desk.test', EYES);
    const { page } = person;
    await page.getByText('Demo on simulated calls').waitFor();
    await look(person, 'sign-in');
    await page.getByLabel('E-mail').fill('agent01@desk.test');
    await page.getByLabel('Password', { exact: true }).fill('not it');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail or password is not right.').waitFor();
    await look(person, 'wrong password');
    await person.signIn();
    await person.phoneReady();
    await page.getByRole('listitem').first().waitFor();
    await look(person, 'no call');
    await person.button('Options').click();
    await page.getByLabel('Campaign').waitFor();
    await look(person, 'options of a dial');
    await person.button('Options').click();
    for (const tab of ['Missed', 'Follow-ups']) {
      await page.getByRole('tab', { name: tab }).click();
      await look(person, tab);
    }
    await page.getByRole('tab', { name: 'Worklist' }).click();
    await page.locator('.badge').click();
    await page.getByRole('menu').waitFor();
    await look(person, 'menu of states', { focus: false });
    await page.keyboard.press('Escape');
    await person.button('Your profile').click();
    await look(person, 'menu of the profile', { focus: false });
    await page.getByRole('menuitem', { name: 'Microphone and ring' }).click();
    await page.getByRole('dialog').getByText('The microphone works.').waitFor();
    await look(person, 'devices');
    await page.keyboard.press('Escape');
    for (const [name, text] of [['Sign out', 'Sign out?'], ['Force Ready', 'Force Ready?'], ['Change password', 'Present password']]) {
      await person.button('Your profile').click();
      await page.getByRole('menuitem', { name }).click();
      await page.getByRole('dialog').getByText(text).first().waitFor();
      await look(person, name);
      await page.keyboard.press('Escape');
    }
    await page.locator('.entry').filter({ hasText: 'Lead' }).locator('button.who').first().click();
    await page.getByRole('region', { name: 'Lead 360' }).waitFor();
    await look(person, 'someone chosen');
    await page.goto(`${desk.http}/nowhere`);
    await page.getByText('There is no such page.').waitFor();
    await look(person, 'no such page');
    await person.leave();
  }));

  test('a call and after it', { timeout: 240_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test', EYES);
    const { page } = person;
    await person.phoneReady();
    let answer = () => {};
    const held = new Promise((resolve) => { answer = resolve; });
    await person.context.route('**/api/calls', async (route) => { await held; await route.fallback(); });
    const shown = page.evaluate(() => new Promise((resolve) => {
      let clicked = 0;
      addEventListener('click', (event) => { clicked = event.timeStamp; }, { capture: true });
      const watch = new MutationObserver(() => {
        if (!document.querySelector('.call-card')) return;
        watch.disconnect();
        requestAnimationFrame(() => resolve(Math.round(performance.now() - clicked)));
      });
      watch.observe(document.body, { subtree: true, childList: true });
    }));
    await person.dial('9000000001');
    // Nothing has been answered yet: what one sees follows the click, not the desk.
    await page.getByText('Calling …').first().waitFor();
    console.log(`a click shows after ${await shown} ms`);
    await look(person, 'calling');
    answer();
    await person.talks();
    await look(person, 'talking');
    await person.button('Keypad').click();
    await person.button('Book appt').click();
    await person.button('Pause rec').click();
    await page.getByText('recording paused').waitFor();
    await person.button('Hold').first().click();
    await page.getByText('On hold', { exact: true }).waitFor();
    await look(person, 'keypad, booking, held, recording paused');
    await person.button('Book appt').click();
    await person.button('Resume').first().click();
    await page.getByText('Talking', { exact: true }).waitFor();
    await person.button('Transfer').first().click();
    const dialog = page.getByRole('dialog');
    await look(person, 'transfer');
    await dialog.getByLabel('Number or extension').fill('9000000009');
    await dialog.getByRole('button', { name: 'Connect' }).click();
    await dialog.getByText('Third party 9').waitFor();
    await look(person, 'transfer under way');
    await dialog.getByRole('button', { name: 'Cancel the transfer' }).click();
    await dialog.getByRole('button', { name: 'Connect' }).waitFor();
    await page.keyboard.press('Escape');
    person.provokes(/ERR_INTERNET_DISCONNECTED/, /ERR_NETWORK_CHANGED/, /WebSocket/);
    await person.context.setOffline(true);
    await page.evaluate(() => dispatchEvent(new Event('offline')));
    await page.locator('.stale').waitFor();
    await look(person, 'out of date');
    await person.context.setOffline(false);
    await page.locator('.stale').waitFor({ state: 'detached' });
    page.on('dialog', (asked) => void asked.accept());
    await page.reload();
    await page.getByText('You cannot be heard').waitFor();
    await look(person, 'cannot be heard');
    await person.context.clearCookies();
    person.provokes(/401/);
    await page.evaluate(() => fetch('/api/me'));
    await person.button('Hold').first().click({ timeout: 4_000 }).catch(() => {});
    await page.getByText('Your session has ended').waitFor();
    await look(person, 'session ended', { focus: false });
    await page.getByLabel('Password', { exact: true }).fill('demo');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Your session has ended').waitFor({ state: 'detached' });
    await person.button('End').first().click();
    await page.getByText('How did it end?').waitFor();
    await page.getByRole('radio', { name: 'Follow Up' }).check();
    await look(person, 'after the call');
    await person.dispose('Follow Up');
    await person.button('Add a follow-up').click();
    await page.getByLabel('What for').waitFor();
    await look(person, 'follow-up');
    await person.back();
    await desk.fault('/ca_apis/AgentManualDial', 'close_before', { count: 1 });
    person.provokes(/50[24]/);
    await person.dial('9000000006');
    await page.getByText('We do not know whether').waitFor();
    await look(person, 'outcome unknown');
    await person.leave();
  }));

  test('a call that comes in, its window, what is owed, and the other pages', { timeout: 240_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test', EYES);
    const { page } = person;
    await person.phoneReady();
    const rings = page.evaluate(() => new Promise((resolve) => {
      const watch = new MutationObserver(() => { if (document.querySelector('[role=alertdialog]')) { watch.disconnect(); resolve(Date.now()); } });
      watch.observe(document.body, { subtree: true, childList: true });
    }));
    const asked = Date.now();
    await desk.control('inbound', { did: '918000000001', caller: '9000000103', skill: 'direct_agent01' });
    console.log(`a call at the service shows after ${await rings - asked} ms`);
    await person.button('Decline').click();
    await page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await until('agent01 is free again', async () => (await desk.control('state')).agents.find(({ id }) => id === 'agent01').state === 'READY');
    await person.button('Send me an assistant').click();
    await page.getByRole('alertdialog').locator('.turns li').first().waitFor();
    await look(person, 'ringing');
    await person.button('Put into a window').click();
    await look(person, 'ringing, popup off');
    await person.button('Accept').click();
    await page.getByRole('dialog', { name: 'Customer:' }).waitFor();
    await page.getByText('Talking', { exact: true }).waitFor();
    await look(person, 'window');
    await person.button('End').first().click();
    await page.getByText('How did it end?').waitFor();
    await desk.advance(600);
    await page.getByText('The service closed this call itself').waitFor();
    await look(person, 'time ran out');
    await person.back();
    await page.getByRole('tab', { name: 'To dispose' }).click();
    await page.getByRole('list', { name: 'Dispositions still owed' }).waitFor();
    await look(person, 'owed');
    await page.goto(`${desk.http}/call-history`);
    await until('there is a row', async () => await page.getByRole('row').count() > 1, 60_000);
    await look(person, 'history');
    await page.goto(`${desk.http}/my-performance`);
    await page.locator('.chart svg').first().waitFor();
    await look(person, 'performance');
    for (const button of await page.getByRole('button', { name: 'Show as a table' }).all()) await button.click();
    await look(person, 'performance as tables');
    await person.leave();
  }, SLOW));

  test('a supervisor’s and an administrator’s pages', { timeout: 240_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'admin@desk.test', EYES);
    const { page } = person;
    await page.getByRole('row').nth(2).waitFor();
    await look(person, 'wallboard');
    await page.getByRole('link', { name: 'Team' }).click();
    await page.getByText('Every dial has a known outcome.').waitFor();
    await look(person, 'team');
    await page.getByRole('link', { name: 'Admin' }).click();
    for (const tab of await page.getByRole('tab').allTextContents()) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tabpanel').getByText('Loading…').waitFor({ state: 'detached' });
      await look(person, tab);
    }
    await page.getByRole('tab').first().click();
    await person.button('Change agent01@desk.test').click();
    await look(person, 'menu of a user', { focus: false });
    await page.getByRole('menuitem', { name: 'Agent and phone' }).click();
    await page.getByRole('dialog').waitFor();
    await look(person, 'agent and phone');
    await person.leave();
  }));

  test('on 360 pixels', { timeout: 180_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test', { ...EYES, viewport: { width: 360, height: 740 }, hasTouch: true });
    const { page } = person;
    await page.getByText('Phone ready').waitFor({ state: 'attached' });
    await look(person, 'no call, narrow');
    await person.button('Send me an assistant').click();
    await page.getByRole('alertdialog').locator('.turns li').first().waitFor();
    await look(person, 'ringing, narrow');
    await person.button('Accept').click();
    await page.getByRole('dialog', { name: 'Customer:' }).waitFor();
    await page.getByText('Talking', { exact: true }).waitFor();
    await look(person, 'sheet, narrow');
    await person.button('End').first().click();
    await page.getByText('How did it end?').waitFor();
    await look(person, 'after the call, narrow');
    for (const path of ['/call-history', '/my-performance']) {
      await page.goto(desk.http + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await look(person, path);
    }
    await person.leave();
  }, SLOW));

  test('with forced colours what is chosen, pressed and blocked still differs', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test', { ...EYES, forcedColors: 'active' });
    const { page } = person;
    await person.phoneReady();
    const drawn = (locator, ...names) => locator.evaluate((element, all) => all.map((name) => getComputedStyle(element).getPropertyValue(name)), names);
    const tab = page.getByRole('tab', { name: 'Worklist' });
    assert.notDeepEqual(await drawn(tab, 'border-bottom-color'), await drawn(page.getByRole('tab', { name: 'Missed' }), 'border-bottom-color'));
    const here = page.getByRole('link', { name: 'Call Desk' });
    assert.notDeepEqual(await drawn(here, 'outline-style', 'background-color'), await drawn(page.getByRole('link', { name: 'Call History' }), 'outline-style', 'background-color'));
    await person.dial('9000000001');
    await person.talks();
    await person.button('Mute').click();
    await person.button('Unmute').waitFor();
    const [on, off] = [await drawn(person.button('Unmute'), 'outline-style', 'border-style', 'border-width'), await drawn(person.button('Hold').first(), 'outline-style', 'border-style', 'border-width')];
    assert.notDeepEqual(on, off, 'what is on is drawn in another way');
    for (const name of ['Keypad', 'Transfer', 'End']) assert.notEqual((await drawn(person.button(name).first(), 'border-top-width'))[0], '0px');
    await person.picture('forced-colours');
    await person.button('End').click();
    await page.getByText('How did it end?').waitFor();
    const choice = (name) => page.locator('.choices label').filter({ hasText: name });
    await page.getByRole('radio', { name: 'Follow Up' }).check();
    assert.notDeepEqual(await drawn(choice('Follow Up'), 'outline-style', 'border-style', 'font-weight'), await drawn(choice('No Answer'), 'outline-style', 'border-style', 'font-weight'));
    await person.leave();
  }));
});
