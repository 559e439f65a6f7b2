// What tools can tell of accessibility: axe on every page, in both themes.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { findings } from '../axe.mjs';
import { Browser, story } from '../harness.mjs';

let browser;
before(async () => { browser = await Browser.start(); });
after(async () => { await browser?.stop(); });

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
