// JsSIP in real Chromium against the simulator.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Chromium } from './chromium.mjs';
import { Simulator, until } from './simulator.mjs';
import { STORIES, dialAndTalk } from './stories.mjs';

/** How long a call without any candidate is held: with one that never connects, browsers end it after 15 s. */
const HELD_S = Number(process.env.PHONE_TEST_HOLD_S ?? 60);

let chromium;
before(async () => { chromium = await Chromium.start(); });
after(async () => { await chromium?.stop(); });

async function held(simulator) {
  const phone = await chromium.phone(simulator, '500001');
  const ucid = await dialAndTalk(simulator, phone);
  await phone.hold(true);
  await new Promise((resolve) => setTimeout(resolve, HELD_S * 1000));
  assert.equal((await phone.view()).state, 'up');
  const call = await simulator.call(ucid);
  assert.deepEqual([call.state, call.held], ['answered', true]);
  await phone.hold(false);
  await phone.hangUp();
  await simulator.callIs(ucid, 'wrap_up');
}

async function heard(simulator) {
  const agent = await chromium.phone(simulator, '500001');
  const customer = await chromium.phone(simulator, '500002');
  await agent.dialled();
  await customer.dialled();
  const ucid = await simulator.dial('500002');
  await simulator.callIs(ucid, 'answered');
  for (const phone of [agent, customer]) {
    const sound = await until('the other one is heard', async () => {
      const now = await phone.heard();
      return now.packets > 50 && now.energy > 0.001 ? now : null;
    });
    assert.equal(sound.dtls, 'connected');
  }
  await customer.hangUp();
  await simulator.callIs(ucid, 'wrap_up');
  await until('the agent is told', async () => (await agent.view()).state === 'ended');
}

describe('JsSIP in Chromium', { concurrency: 3 }, () => {
  test(`a call held for ${HELD_S} s stays up`, { timeout: (HELD_S + 60) * 1000 }, () => Simulator.run(held));
  test('two browsers hear each other', { timeout: 60_000 }, () => Simulator.run(heard));
  for (const [name, story] of Object.entries(STORIES)) {
    test(name, { timeout: 60_000 }, () => Simulator.run(async (simulator) => {
      await story(simulator, await chromium.phone(simulator, '500001'));
    }));
  }
});
