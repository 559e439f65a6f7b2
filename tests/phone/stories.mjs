// The stories that a softphone has to live through, wherever it runs. `phone` has asynchronous
// `view`, `dialled`, `answer`, `hangUp` and `hold`.
import assert from 'node:assert/strict';
import { until } from './simulator.mjs';

const AGENT = 'agent01';
const DID = '918000000001';

const when = (phone, what, holds) => until(what, async () => {
  const view = await phone.view();
  return view && holds(view) ? view : null;
});

/** Dials, is answered by itself, talks; the UCID. */
export async function dialAndTalk(simulator, phone) {
  await phone.dialled();
  const ucid = await simulator.dial(AGENT, '9000000001');
  assert.equal(typeof ucid, 'string', JSON.stringify(ucid));
  const view = await when(phone, 'the dial is answered', (v) => v.ucid === ucid && v.state === 'up');
  assert.equal(view.answeredByItself, true);
  assert.equal(view.caller, null);
  await simulator.callIs(ucid, 'answered');
  return ucid;
}

/** A customer calls; nobody picks up by itself. */
export async function inboundRings(simulator, phone, caller) {
  const began = (await phone.view())?.count ?? 0;
  const { ucid } = await simulator.inbound(caller);
  const view = await when(phone, 'the inbound call rings', (v) => v.ucid === ucid);
  assert.equal(view.count, began + 1);
  assert.equal(view.caller, `0${caller}`);
  // Long enough for a softphone that would answer by itself to have done it.
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal((await phone.view()).state, 'ringing');
  return ucid;
}

export async function wholeDay(simulator, phone) {
  // An outbound dial over REST, ended by the agent, disposed of; dialling again at once succeeds.
  const first = await dialAndTalk(simulator, phone);
  await phone.hangUp();
  await simulator.callIs(first, 'wrap_up');
  assert.equal(await simulator.dispose(first, DID, AGENT), 'Success');
  const second = await dialAndTalk(simulator, phone);
  await simulator.customer(second, 'hangup');
  await when(phone, 'the customer hangs up', (v) => v.state === 'ended');
  assert.equal(await simulator.dispose(second, DID, AGENT), 'Success');

  // The next inbound call rings and is not answered by itself; the agent takes it.
  const third = await inboundRings(simulator, phone, '9000000002');
  await phone.answer();
  await simulator.callIs(third, 'answered');
  await phone.hold(true);
  await phone.hold(false);
  await phone.hangUp();
  await simulator.callIs(third, 'wrap_up');
  assert.equal(await simulator.dispose(third, DID, AGENT), 'Success');

  // A second inbound call rings within seconds, and the caller gives up.
  const fourth = await inboundRings(simulator, phone, '9000000003');
  await simulator.customer(fourth, 'hangup');
  await when(phone, 'the caller gives up', (v) => v.state === 'failed' && v.cause === 'Canceled');

  // One the agent declines.
  const fifth = await inboundRings(simulator, phone, '9000000004');
  await phone.hangUp();
  await when(phone, 'the call is declined', (v) => v.state === 'failed');
  await until('the world knows', async () => (await simulator.call(fifth)).state !== 'agent_ringing');
}
