// JsSIP in real Chromium against the simulator.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Chromium } from './chromium.mjs';
import { Simulator, until } from './simulator.mjs';
import { dialAndTalk, wholeDay } from './stories.mjs';

/** How long a call without any candidate is held: browsers used to end it after 15 s. */
const HELD_S = Number(process.env.PHONE_TEST_HOLD_S ?? 60);

let chromium;
before(async () => { chromium = await Chromium.start(); });
after(async () => { await chromium?.stop(); });

async function withSimulator(story, ...options) {
  const simulator = await Simulator.start(...options);
  try {
    await simulator.openToolbar('agent01');
    await story(simulator);
  } finally {
    await simulator.stop();
  }
}

describe('JsSIP in Chromium', { concurrency: true }, () => {
  test('lives through a day', { timeout: 120_000 }, () => withSimulator(async (simulator) => {
    await wholeDay(simulator, await chromium.phone(simulator, '500001'));
  }, '--speed', '10'));

  test(`holds a call for ${HELD_S} s`, { timeout: (HELD_S + 60) * 1000 }, () =>
    withSimulator(async (simulator) => {
      const phone = await chromium.phone(simulator, '500001');
      const ucid = await dialAndTalk(simulator, phone);
      await phone.hold(true);
      await new Promise((resolve) => setTimeout(resolve, HELD_S * 1000));
      assert.equal((await phone.view()).state, 'up');
      assert.equal((await simulator.call(ucid)).state, 'answered');
      await phone.hold(false);
      await phone.hangUp();
      await simulator.callIs(ucid, 'wrap_up');
    }));

  test('two browsers hear each other', { timeout: 120_000 }, () =>
    withSimulator(async (simulator) => {
      const agent = await chromium.phone(simulator, '500001');
      const customer = await chromium.phone(simulator, '500002');
      await agent.dialled();
      await customer.dialled();
      const ucid = await simulator.dial('agent01', '500002');
      await simulator.callIs(ucid, 'answered');
      for (const phone of [agent, customer]) {
        const heard = await until('the other one is heard', async () => {
          const now = await phone.heard();
          return now.packets > 50 && now.energy > 0.001 ? now : null;
        });
        assert.equal(heard.dtls, 'connected');
      }
      await customer.hangUp();
      await simulator.callIs(ucid, 'wrap_up');
      await until('the agent is told', async () => (await agent.view()).state === 'ended');
    }));
});
