// JsSIP with the npm package's decision, in Node and in Chromium: the whole stories, and the setting "inbound calls".
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test, { after, before, describe } from 'node:test';
import { Chromium } from './chromium.mjs';
import { WASM } from './package.mjs';
import { install, silence } from './peer.mjs';
import { Simulator, until } from './simulator.mjs';
import { STORIES } from './stories.mjs';

const skip = existsSync(WASM) ? false : 'SKIPPED: softphone-js/npm is not built (scripts/softphone-js build)';

/** A customer's call is answered by itself where the setting says so. */
async function inboundIsAnswered(simulator, phone) {
  const ucid = await simulator.inbound('9000000001');
  const view = await until('it is answered', async () => {
    const now = await phone.view();
    return now?.state === 'up' ? now : null;
  });
  assert.deepEqual([view.ucid, view.answeredByItself, view.readUcid], [ucid, true, ucid]);
  await phone.hangUp();
  await simulator.callIs(ucid, 'wrap_up');
}

describe('JsSIP with the npm package in Node', { concurrency: 3, skip }, async () => {
  if (skip) return;
  install();
  const { Softphone } = await import('./softphone.mjs');
  const { decisionOf } = await import('./decision.mjs');

  const withPhone = (setting, story) => () => Simulator.run(async (simulator) => {
    const decision = decisionOf(await import('../../softphone-js/npm/node.js'), setting);
    const phone = new Softphone(simulator.urls.sip, '500001', { mediaStream: silence }, decision);
    try {
      await phone.start();
      await story(simulator, phone);
    } finally {
      phone.stop();
    }
  });

  for (const [name, story] of Object.entries(STORIES)) {
    test(name, { timeout: 60_000 }, withPhone(3, story));
  }
  test('inbound calls are answered with setting 2', { timeout: 60_000 }, withPhone(2, inboundIsAnswered));
});

describe('JsSIP with the npm package in Chromium', { skip }, () => {
  let chromium;
  before(async () => { if (!skip) chromium = await Chromium.start(); });
  after(async () => { await chromium?.stop(); });

  const [[name, story]] = Object.entries(STORIES);
  for (const [title, setting, told] of [
    [name, 3, story],
    ['inbound calls are answered with setting 2', 2, inboundIsAnswered],
  ]) {
    test(title, { timeout: 90_000 }, () => Simulator.run(async (simulator) => {
      await told(simulator, await chromium.phone(simulator, '500001', setting));
    }));
  }
});
