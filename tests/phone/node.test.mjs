// JsSIP in Node against the simulator.
import assert from 'node:assert/strict';
import test from 'node:test';
import { install, silence } from './peer.mjs';
import { Simulator } from './simulator.mjs';
import { wholeDay } from './stories.mjs';

install();
const { Softphone } = await import('./softphone.mjs');

test('JsSIP in Node lives through a day', { timeout: 120_000 }, async () => {
  const simulator = await Simulator.start('--speed', '10');
  try {
    const welcome = await simulator.openToolbar('agent01');
    assert.equal(welcome.type, 'welcome');
    const phone = new Softphone(simulator.urls.sip, '500001', { mediaStream: silence });
    await phone.start();
    await wholeDay(simulator, phone);
    phone.stop();
  } finally {
    await simulator.stop();
  }
});

test('a wrong password does not register', { timeout: 60_000 }, async () => {
  const simulator = await Simulator.start();
  try {
    const phone = new Softphone(simulator.urls.sip, '500001', { mediaStream: silence });
    phone.ua.set('password', 'wrong');
    await assert.rejects(phone.start(), /Authentication Error|Rejected/);
    phone.stop();
  } finally {
    await simulator.stop();
  }
});
