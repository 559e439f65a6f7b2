// JsSIP in real Chromium against the simulator.
import assert from 'node:assert/strict';
import test, { after, before, describe } from 'node:test';
import { Chromium } from './chromium.mjs';
import { Simulator, until } from './simulator.mjs';
import { STORIES, dialAndTalk } from './stories.mjs';

/** How long a call without any candidate is held: with one that never connects, browsers end it after 15 s. */
const HELD_S = Number(process.env.PHONE_TEST_HOLD_S ?? 60);

/** How late the second one picks up: a softphone that waits for its ACK gives up after 32 s. */
const LATE_S = 36;

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

/** Both hear the other one from now on. */
async function hearEachOther(...phones) {
  for (const phone of phones) {
    const before = await phone.heard();
    const sound = await until('the other one is heard', async () => {
      const now = await phone.heard();
      const fresh = now.packets < before.packets ? 0 : before.packets;
      return now.packets > fresh + 50 && now.energy > 0.001 ? now : null;
    });
    assert.equal(sound.dtls, 'connected');
  }
}

/** An agent and a customer at softphones, who talk. */
async function twoBrowsers(simulator) {
  const agent = await chromium.phone(simulator, '500001');
  const customer = await chromium.phone(simulator, '500002');
  await agent.dialled();
  await customer.dialled();
  const ucid = await simulator.dial('500002');
  await simulator.callIs(ucid, 'answered');
  await hearEachOther(agent, customer);
  return { agent, customer, ucid };
}

async function reloaded(simulator) {
  const { agent, customer, ucid } = await twoBrowsers(simulator);
  await agent.reload();
  await until('the leg is lost', async () => (await simulator.call(ucid)).legs[0].lost);
  await simulator.control('agent01', ucid, 'KICK_CALL', '500001');
  await simulator.callIs(ucid, 'held');
  await agent.dialled();
  await simulator.control('agent01', ucid, 'CONFERENCE', '500001');
  await until('the agent is back', async () => (await agent.view())?.state === 'up');
  assert.equal((await agent.view()).ucid, ucid);
  await until('the call goes on', async () => (await simulator.calls()).some((c) => c.state === 'answered'));
  await hearEachOther(agent, customer);
  await customer.hangUp();
  await until('the agent is told', async () => (await agent.view()).state === 'ended');
}

async function transferred(simulator) {
  const { agent, customer, ucid } = await twoBrowsers(simulator);
  const colleague = await chromium.phone(simulator, '500003');
  await colleague.dialled();
  await simulator.control('agent01', ucid, 'CONFERENCE', '500003');
  await until('the colleague is there', async () => (await simulator.call(ucid)).conference[0].state === 'joined');
  await simulator.control('agent01', ucid, 'KICK_CALL', '500001');
  await until('the agent is out', async () => (await agent.view()).state === 'ended');
  await hearEachOther(colleague, customer);
  await customer.hangUp();
  await until('the colleague is told', async () => (await colleague.view()).state === 'ended');
}

async function pickedUpLate(simulator) {
  const agent = await chromium.phone(simulator, '500001');
  const customer = await chromium.phone(simulator, '500002');
  await agent.dialled();
  const ucid = await simulator.dial('500002');
  await simulator.callIs(ucid, 'customer_ringing');
  await new Promise((resolve) => setTimeout(resolve, LATE_S * 1000));
  assert.equal((await agent.view()).state, 'up', 'the first one has not given up');
  await customer.answer();
  await simulator.callIs(ucid, 'answered');
  await hearEachOther(agent, customer);
}

async function heard(simulator) {
  const { agent, customer, ucid } = await twoBrowsers(simulator);
  await customer.hangUp();
  await simulator.callIs(ucid, 'wrap_up');
  await until('the agent is told', async () => (await agent.view()).state === 'ended');
}

describe('JsSIP in Chromium', { concurrency: 3 }, () => {
  test(`a call held for ${HELD_S} s stays up`, { timeout: (HELD_S + 60) * 1000 }, () => Simulator.run(held));
  test('two browsers hear each other', { timeout: 60_000 }, () => Simulator.run(heard));
  test('after a reload the agent is rung into the call, and both hear each other', { timeout: 90_000 }, () => Simulator.run(reloaded));
  test('after a transfer a colleague and the customer hear each other', { timeout: 90_000 }, () => Simulator.run(transferred));
  test(`two browsers hear each other when the second picks up after ${LATE_S} s`, { timeout: 120_000 }, () =>
    Simulator.run(pickedUpLate, '--speed', '0.5'));
  for (const [name, story] of Object.entries(STORIES)) {
    test(name, { timeout: 60_000 }, () => Simulator.run(async (simulator) => {
      await story(simulator, await chromium.phone(simulator, '500001'));
    }));
  }
});
