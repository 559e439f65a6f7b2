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
    // Whatever is sent first finds out: the notes, or this click, which the password may be above of already.
    await person.button('Hold').click({ timeout: 4_000 }).catch(() => {});
    await person.page.getByText('Your session has ended').waitFor();
    assert.equal(await person.page.getByLabel('Notes').inputValue(), 'half a sentence');
    await person.page.getByLabel('Password', { exact: true }).fill('demo');
    await person.page.getByRole('button', { name: 'Sign in' }).click();
    await person.page.getByText('Your session has ended').waitFor({ state: 'detached' });
    assert.ok(['answered', 'held'].includes((await desk.call(ucid)).state));
    assert.equal(await person.page.getByText('That did not work').count(), 0);
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
    await first.getByRole('button', { name: 'Unmute', exact: true }).waitFor();
    await second.getByRole('button', { name: 'Unmute', exact: true }).click();
    await first.getByRole('button', { name: 'Mute', exact: true }).waitFor();
    await first.getByRole('button', { name: 'Mute', exact: true }).click();
    await second.getByRole('button', { name: 'Unmute', exact: true }).waitFor();
    assert.equal((await desk.callsTo('9000000001')).length, 1);
    await second.getByRole('button', { name: 'End' }).click();
    await first.getByText('After the call').first().waitFor();
    await first.close();
    await second.getByText('Phone ready').waitFor();
    await person.leave();
  }));

  test('My Performance shows what the API says', { timeout: 180_000 }, run(async (desk, chromium) => {
    const person = await chromium.person(desk, 'agent01@desk.test');
    const { page } = person;
    await person.phoneReady();
    for (const [number, disposition] of [['9000000001', 'Appointment Booked'], ['9000000002', 'Follow Up']]) {
      await person.dial(number);
      await person.talks();
      await person.button('End').click();
      await person.dispose(disposition);
      await person.back();
    }
    // Opened before the records are there: the page brings them by itself.
    await page.getByRole('link', { name: 'My Performance' }).click();
    await page.getByText('A call appears here about a minute after it has ended.').waitFor();
    const figures = await until('both calls are in the figures', async () => {
      const found = await person.json('/api/performance');
      return found.calls.answered === 2 && found.appointmentsBooked === 1 ? found : null;
    }, 100_000);
    const clock = (sec) => [sec >= 3600 ? [Math.floor(sec / 3600)] : [], Math.floor(sec / 60) % 60, Math.floor(sec) % 60].flat().map((part, at) => at > 0 || sec < 3600 ? String(part).padStart(2, '0') : String(part)).join(':');
    const shown = {
      Calls: String(figures.calls.total), Answered: String(figures.calls.answered), Booked: String(figures.appointmentsBooked),
      'Average handle time': clock(figures.handlingMeanSec), Conversion: `${Math.round(figures.conversionRate)} %`,
    };
    for (const [name, value] of Object.entries(shown)) {
      const card = page.locator('.figures .card').filter({ has: page.getByText(name, { exact: true }) });
      await card.locator('.figure').getByText(value, { exact: true }).waitFor({ timeout: 40_000 });
    }
    const panel = (name) => page.getByRole('region', { name });
    await panel('Dispositions').getByRole('button', { name: 'Show as a table' }).click();
    for (const [name, count] of Object.entries(figures.dispositions)) {
      await panel('Dispositions').getByRole('row').filter({ hasText: name }).getByRole('cell', { name: String(count), exact: true }).waitFor();
    }
    const { days } = await person.json('/api/performance/trend?days=7');
    await panel('Seven days').getByRole('button', { name: 'Show as a table' }).click();
    const rows = await panel('Seven days').getByRole('row').allInnerTexts();
    assert.deepEqual(rows.slice(1).map((row) => row.split('\t').slice(1)), days.map(({ isRead, calls }) => isRead ? [String(calls.inbound), String(calls.outbound)] : ['–', '–']));
    await person.leave();
  }));
});
