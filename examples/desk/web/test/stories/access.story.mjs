// What tools can tell of accessibility: axe on every page, in both themes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import test, { after, before, describe } from 'node:test';
import { Browser, story } from '../harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });

/** What axe finds on the page as it is now. */
async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), RULES);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary.replaceAll('\n', ' ')}`));
}

describe('accessibility', { concurrency: 2 }, () => {
  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing, ${colorScheme}`, { timeout: 180_000 }, story(() => browser, async (desk, chromium) => {
      const agent = await chromium.person(desk, 'agent01@desk.test', { colorScheme, bypassCSP: true });
      const found = async (what) => assert.deepEqual([what, await findings(agent.page)], [what, []]);
      await agent.phoneReady();
      await found('no call');
      await agent.dial('9000000001');
      await agent.talks();
      await found('talking');
      await agent.button('End').click();
      await agent.page.getByText('How did it end?').waitFor();
      await found('after the call');
      await agent.dispose('Info');
      await found('disposed');
      await agent.back();
      const ucid = await desk.inbound('9000000002');
      await agent.page.getByRole('alertdialog').waitFor();
      await found('ringing');
      await desk.customer(ucid, 'hangup');
      for (const path of ['/call-history', '/my-performance']) {
        await agent.page.goto(desk.http + path);
        await agent.page.getByRole('heading', { level: 1 }).waitFor();
        await found(path);
      }
      await agent.context.close();
      const admin = await chromium.person(desk, 'admin@desk.test', { colorScheme, bypassCSP: true });
      for (const path of ['/wallboard', '/team', '/admin']) {
        await admin.page.goto(desk.http + path);
        await admin.page.getByRole('heading', { level: 1 }).waitFor();
        assert.deepEqual([path, await findings(admin.page)], [path, []]);
      }
      await admin.context.close();
    }));
  }
});
