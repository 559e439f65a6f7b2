// A voice assistant's call reaches a human: the caller's words before Accept, the window during the call, nothing after it.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { findings } from '../axe.mjs';
import { Browser, story } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });
const run = (told, environment) => story(() => browser, told, environment);
// Looking at a ringing card takes its time: telephones ring longer.
const place = async (window) => { const { x, y, width, height } = await window.boundingBox(); return [x, y, width, height].map(Math.round); };

describe('hand-off', { concurrency: 2 }, () => {
  for (const colorScheme of ['light', 'dark']) {
    test(`the popup says what the caller said, the window stays and closes at the end, ${colorScheme}`, { timeout: 90_000 }, run(async (desk, chromium) => {
      const one = await chromium.person(desk, 'agent01@desk.test', { colorScheme, bypassCSP: true, reducedMotion: 'reduce' });
      const two = await chromium.person(desk, 'agent02@desk.test', { colorScheme });
      const { page } = one;
      await one.phoneReady();
      await two.phoneReady();
      const clean = async (what) => assert.deepEqual([what, await findings(page)], [what, []]);
      await one.button('Send me an assistant').click();
      const rings = page.getByRole('alertdialog');
      await rings.waitFor();
      const said = rings.locator('.turns li.customer > p').last();
      await said.waitFor();
      const words = await said.textContent();
      assert.ok(words.trim().length > 3);
      assert.equal(await one.button('Accept').count(), 1);
      assert.equal(await page.getByRole('dialog').count(), 0);
      await rings.locator('.activities li').first().waitFor();
      await clean('ringing');
      await one.picture(`handoff-ringing-${colorScheme}`);
      assert.equal(await two.page.getByText(words).count(), 0, 'another agent is not shown it');

      // Dragged off and closed: the window of the call opens all the same.
      await rings.getByRole('button', { name: 'Put into a window' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
      await one.button('Accept').click();
      await page.getByText('Talking', { exact: true }).waitFor();
      const window = page.getByRole('dialog', { name: 'Customer:' });
      await window.waitFor();
      assert.equal(await window.locator('.turns li.customer > p').last().textContent(), words);
      await clean('the window');
      await one.picture(`handoff-window-${colorScheme}`);
      const [x, y, width, height] = await place(window);
      const bar = window.getByRole('group').first();
      await bar.focus();
      await bar.press('ArrowRight');
      await bar.press('ArrowUp');
      await bar.press('Shift+ArrowRight');
      assert.deepEqual(await place(window), [x + 24, y - 24, width + 24, height]);
      const grip = await bar.boundingBox();
      await page.mouse.move(grip.x + 60, grip.y + 10);
      await page.mouse.down();
      await page.mouse.move(grip.x + 160, grip.y + 40);
      await page.mouse.up();
      assert.deepEqual(await place(window), [x + 124, y + 6, width + 24, height]);
      await window.getByRole('button', { name: 'Close' }).click();
      await window.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Open the customer window' }).click();
      assert.deepEqual(await place(window), [x + 124, y + 6, width + 24, height], 'its place is kept for the call');

      await one.button('End').first().click();
      await page.getByText('How did it end?').waitFor();
      await window.waitFor({ state: 'detached' });
      await two.leave();
      await one.leave();
    }, { DESK_SIM_SPEED: '0.5' }));
  }
});
