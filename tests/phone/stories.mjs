// The stories that a softphone has to live through, wherever it runs; each starts with a world of its own. `phone` has
// asynchronous `view`, `dialled`, `answer`, `hangUp`, `hold` and `press`.
import assert from 'node:assert/strict';
import { until } from './simulator.mjs';

/** A call that is to ring at once rings within this. */
const SOON_MS = 5_000;

const when = (phone, what, holds, limit) => until(what, async () => {
  const view = await phone.view();
  return view && holds(view) ? view : null;
}, limit);

/** Dials, is answered by itself, talks; the UCID. */
export async function dialAndTalk(simulator, phone, way = 'dial') {
  await phone.dialled();
  const ucid = await simulator[way]('9000000001');
  const view = await when(phone, 'the dial is answered', (v) => v.ucid === ucid && v.state === 'up');
  assert.equal(view.answeredByItself, true);
  assert.equal(view.caller, null);
  await simulator.callIs(ucid, 'answered');
  return ucid;
}

/** A customer calls; it rings soon, and nobody picks up by itself. The UCID. */
async function inboundRings(simulator, phone, caller) {
  const ucid = await simulator.inbound(caller);
  const view = await when(phone, 'the inbound call rings', (v) => v.ucid === ucid, SOON_MS);
  assert.equal(view.caller, `0${caller}`);
  // The softphone decides before it shows the call.
  assert.equal(view.answeredByItself, false);
  await simulator.advance(1);
  assert.equal((await phone.view()).state, 'ringing');
  assert.equal((await simulator.call(ucid)).state, 'agent_ringing');
  return ucid;
}

async function hangUpAndDispose(simulator, phone, ucid) {
  await phone.hangUp();
  await simulator.callIs(ucid, 'wrap_up');
  await simulator.dispose(ucid);
  await simulator.callIs(ucid, 'ended');
}

export const STORIES = {
  async 'a dial over REST rings, is answered by itself, and the agent hangs up'(simulator, phone) {
    const ucid = await dialAndTalk(simulator, phone);
    await hangUpAndDispose(simulator, phone, ucid);
    assert.equal((await phone.view()).count, 1);
    const row = await simulator.row(ucid);
    assert.deepEqual([row.Status, row.HangupBy, row.Disposition], ['Answered', 'AgentHangup', 'Follow Up']);
  },

  async 'a dial over the agent socket does the same, and the customer hangs up'(simulator, phone) {
    const ucid = await dialAndTalk(simulator, phone, 'dialOverSocket');
    await simulator.pushed('busyAgent');
    await simulator.customer(ucid, 'hangup');
    await when(phone, 'the agent is told', (v) => v.state === 'ended');
    await simulator.dispose(ucid);
    const row = await simulator.row(ucid);
    assert.deepEqual([row.Status, row.HangupBy, row.Disposition], ['Answered', 'UserHangup', 'Follow Up']);
  },

  async 'an inbound call rings, is answered, takes a digit, and the agent hangs up'(simulator, phone) {
    const ucid = await inboundRings(simulator, phone, '9000000002');
    await phone.answer();
    await simulator.callIs(ucid, 'answered');
    await phone.press('5');
    await hangUpAndDispose(simulator, phone, ucid);
  },

  async 'a caller gives up, and the next one is declined'(simulator, phone) {
    const impatient = await inboundRings(simulator, phone, '9000000003');
    await simulator.customer(impatient, 'hangup');
    await when(phone, 'the caller gives up', (v) => v.state === 'failed' && v.cause === 'Canceled');
    const declined = await inboundRings(simulator, phone, '9000000004');
    await phone.hangUp();
    await when(phone, 'the call is declined', (v) => v.state === 'failed');
    await simulator.callIs(declined, 'queued', 'ended');
  },

  async 'after a disposition dialling again at once succeeds'(simulator, phone) {
    const first = await dialAndTalk(simulator, phone);
    await hangUpAndDispose(simulator, phone, first);
    const second = await dialAndTalk(simulator, phone);
    assert.notEqual(second, first);
    assert.equal((await phone.view()).count, 2);
  },

  async 'the next inbound call after a dial rings and is not answered by itself'(simulator, phone) {
    await hangUpAndDispose(simulator, phone, await dialAndTalk(simulator, phone));
    const ucid = await inboundRings(simulator, phone, '9000000002');
    await phone.answer();
    await simulator.callIs(ucid, 'answered');
  },

  async 'a second inbound call rings within seconds'(simulator, phone) {
    const first = await inboundRings(simulator, phone, '9000000002');
    await phone.answer();
    await simulator.callIs(first, 'answered');
    await hangUpAndDispose(simulator, phone, first);
    await inboundRings(simulator, phone, '9000000003');
    assert.equal((await phone.view()).count, 2);
  },

  async 'a socket that breaks in mid-call is continued, and the hang-up is the agent\'s'(simulator, phone) {
    const ucid = await dialAndTalk(simulator, phone);
    await phone.breaks();
    await until('the world knows that it is back', async () => !(await simulator.call(ucid)).legs[0].lost);
    await simulator.advance(600);
    assert.deepEqual([(await simulator.call(ucid)).state, (await phone.view()).state], ['answered', 'up']);
    await phone.hangUp();
    await simulator.callIs(ucid, 'wrap_up');
    assert.equal((await simulator.row(ucid)).HangupBy, 'AgentHangup');
  },

  async 'a customer who hangs up while the socket is broken leaves no ghost at the softphone'(simulator, phone) {
    const ucid = await dialAndTalk(simulator, phone);
    const again = phone.breaks();
    await until('the world knows of it', async () => (await simulator.call(ucid)).legs[0].lost);
    await simulator.customer(ucid, 'hangup');
    await again;
    await when(phone, 'the agent is told', (v) => v.state === 'ended');
  },

  async 'a hold at the softphone is hold time in the CDR'(simulator, phone) {
    const ucid = await dialAndTalk(simulator, phone);
    await phone.hold(true);
    await until('the world knows of the hold', async () => (await simulator.call(ucid)).held);
    await simulator.advance(40);
    await phone.hold(false);
    await until('the world knows of its end', async () => !(await simulator.call(ucid)).held);
    await simulator.advance(100);
    await hangUpAndDispose(simulator, phone, ucid);
    const { HoldDuration: held } = await simulator.row(ucid);
    assert.ok(held >= '00:00:40' && held < '00:02:00', held);
  },
};
