// Who may see what, sessions, tabs, and the figures.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Browser, story, until } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);

describe('people', { concurrency: 2 }, () => {
  test('a session that ends in mid-call asks for the password and unmounts nothing', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test');
    await person.phoneReady();
    await person.dial('9000000001');
    const ucid = await person.talks();
    await person.page.getByLabel('Notes').fill('half a sentence');
    await person.context.clearCookies();
    person.provokes(/401/);
    await person.page.evaluate(() => fetch('/api/me'));
    await person.button('Hold').click();
    await person.page.getByText('Your session has ended').waitFor();
    assert.equal(await person.page.getByLabel('Notes').inputValue(), 'half a sentence');
    await person.page.getByLabel('Password', { exact: true }).fill('demo');
    await person.page.getByRole('button', { name: 'Sign in' }).click();
    await person.page.getByText('Your session has ended').waitFor({ state: 'detached' });
    assert.equal((await desk.call(ucid)).state, 'answered');
    assert.equal(await person.page.getByLabel('Notes').inputValue(), 'half a sentence');
    await person.leave();
  }));

  test('the second tab has no phone, and takes it over when the first is closed', { timeout: 90_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test');
    await person.phoneReady();
    const first = person.page;
    const second = await person.open();
    await second.getByText('Use the phone here').waitFor();
    await person.dial('9000000001');
    await first.getByText('Talking', { exact: true }).waitFor();
    await second.getByText('Talking', { exact: true }).waitFor();
    await second.getByRole('button', { name: 'Mute' }).click();
    await first.getByRole('button', { name: 'Unmute' }).waitFor();
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await second.getByRole('button', { name: 'End' }).click();
    await first.getByText('After the call').first().waitFor();
    await first.close();
    await second.getByText('Phone ready').waitFor();
    await person.leave();
  }));

  test('My Performance shows what the API says', { timeout: 120_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test');
    await person.phoneReady();
    await person.dial('9000000001');
    await person.talks();
    await person.button('End').click();
    await person.dispose('Appointment Booked');
    await person.back();
    await person.page.getByRole('link', { name: 'My Performance' }).click();
    const figures = await until('the call is in the figures', async () => {
      const found = await person.json('/api/performance');
      return found.appointmentsBooked === 1 ? found : null;
    }, 60_000);
    await person.page.reload();
    const card = person.page.locator('.figures .card').filter({ hasText: 'Booked' });
    await card.locator('.figure').filter({ hasText: String(figures.appointmentsBooked) }).waitFor();
    await person.leave();
  }));
});
