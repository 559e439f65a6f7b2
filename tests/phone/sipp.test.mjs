// Debian's sipp against the simulator: a SIP implementation that is neither ours nor JsSIP's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Simulator } from './simulator.mjs';
import { Sipp } from './sipp.mjs';

test('sipp registers, takes a dial and an inbound call, and is cancelled', { timeout: 120_000 }, () =>
  Simulator.run(async (simulator) => {
    const sipp = await Sipp.connect(simulator.urls.sip);
    await sipp.asks('register', '500001');

    const dialled = await sipp.answers('dialled');
    const ucid = await simulator.dial('9000000001');
    await simulator.callIs(ucid, 'answered');
    await simulator.customer(ucid, 'hangup');
    await dialled.ended;
    await simulator.dispose(ucid);

    const answered = await sipp.answers('inbound');
    const inbound = await simulator.inbound('9000000002');
    await answered.ended;
    await simulator.callIs(inbound, 'wrap_up');
    const [leg] = (await simulator.call(inbound)).legs;
    assert.equal(leg.hangup_by, 'AgentHangup');
    await simulator.dispose(inbound);

    const cancelled = await sipp.answers('cancelled');
    const impatient = await simulator.inbound('9000000003');
    await simulator.callIs(impatient, 'agent_ringing');
    await simulator.customer(impatient, 'hangup');
    await cancelled.ended;
    await simulator.callIs(impatient, 'ended');
  }));

test('sipp with a wrong password is not registered', { timeout: 60_000 }, () =>
  Simulator.run(async (simulator) => {
    const sipp = await Sipp.connect(simulator.urls.sip);
    await assert.rejects(sipp.asks('register', 'wrong'), /401/);
  }));
