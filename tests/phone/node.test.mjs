// JsSIP in Node against the simulator.
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { install, silence } from './peer.mjs';
import { Simulator } from './simulator.mjs';
import { STORIES } from './stories.mjs';

install();
const { Softphone } = await import('./softphone.mjs');

async function withPhone(simulator, story) {
  const phone = new Softphone(simulator.urls.sip, '500001', { mediaStream: silence });
  try {
    await story(phone);
  } finally {
    phone.stop();
  }
}

describe('JsSIP in Node', { concurrency: 3 }, () => {
  for (const [name, story] of Object.entries(STORIES)) {
    test(name, { timeout: 60_000 }, () => Simulator.run((simulator) =>
      withPhone(simulator, async (phone) => {
        await phone.start();
        await story(simulator, phone);
      })));
  }

  test('a wrong password does not register', { timeout: 60_000 }, () => Simulator.run((simulator) =>
    withPhone(simulator, async (phone) => {
      phone.ua.set('password', 'wrong');
      await assert.rejects(phone.start(), /Authentication Error|Rejected/);
    })));
});
