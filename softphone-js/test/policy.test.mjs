// The npm package in Node: the decisions that the Rust crate documents, and the edges between the two languages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import init, * as softphone from '../npm/node.js';

const { SoftphonePolicy, isCloudagentUcid, readInvite, sameNumber } = softphone;

const UCID = '90000000000000009';
const CALLER = '09000000001';

test('the setting decides which kind of call is answered', () => {
  const decided = [0, 1, 2, 3].map((setting) => {
    const decide = (ucid, caller, dialled) => {
      const policy = new SoftphonePolicy(setting);
      if (dialled) policy.accepted(10, policy.dialing(0), UCID);
      return policy.decide(20, ucid, caller);
    };
    return [decide(UCID, CALLER), decide(UCID, null, true), decide(UCID, null)];
  });
  assert.deepEqual(decided, [
    ['ring', 'ring', 'ring'],
    ['answer', 'answer', 'answer'],
    ['answer', 'ring', 'ring'],
    ['ring', 'answer', 'ring'],
  ]);
});

test('a dial waits for its own INVITE, once, and not for ever', () => {
  const policy = new SoftphonePolicy(3);
  policy.accepted(100, policy.dialing(0), UCID);
  assert.equal(policy.isWaiting(29_999), true);
  assert.equal(policy.decide(200, '90000000000000001', undefined), 'ring', 'another call');
  assert.equal(policy.decide(300, UCID, undefined), 'answer');
  assert.equal(policy.decide(400, UCID, undefined), 'ring');
  policy.dialing(1_000);
  assert.equal(policy.isWaiting(31_000), false);
  assert.equal(policy.decide(31_000, UCID, null), 'ring');
});

test('a dial that failed is not waited for, and its ticket is of no other dial', () => {
  const policy = new SoftphonePolicy(3);
  const first = policy.dialing(0);
  const second = policy.dialing(1);
  policy.failed(first);
  assert.equal(policy.isWaiting(2), true);
  policy.failed(second);
  assert.equal(policy.decide(3, UCID, null), 'ring');
});

test('the end of a call ends the wait for it', () => {
  const policy = new SoftphonePolicy(3);
  policy.accepted(0, policy.dialing(0), UCID);
  policy.ended(1, '90000000000000001');
  assert.equal(policy.isWaiting(2), true);
  policy.ended(3, UCID);
  assert.equal(policy.isWaiting(4), false);
});

test('the setting can be changed, and only to one of the four', () => {
  const policy = new SoftphonePolicy(0);
  policy.set(1);
  assert.equal(policy.decide(0, null, null), 'answer');
  for (const odd of [4, -1, 1.5, 259, NaN, undefined]) {
    assert.throws(() => new SoftphonePolicy(odd), /auto_answer expected 0, 1, 2 or 3/, String(odd));
    assert.throws(() => policy.set(odd), /auto_answer/, String(odd));
  }
});

test('an INVITE is read, whole or damaged', () => {
  const invite = readInvite([
    'INVITE sip:500001@example.test SIP/2.0', 'From: "A" <sip:9000000001@example.test>;tag=1',
    'x-ucid: 90174967305497', 'X-CALLERNO: 09000000001', '', '',
  ].join('\r\n'));
  assert.deepEqual(
    [invite.ucid, invite.callerno, invite.fromNumber],
    ['90174967305497', CALLER, '9000000001'],
  );
  for (const odd of ['', '\0', 'x'.repeat(100_000), 'INVITE sip:a SIP/2.0\r\nX-UCID: \r\n\r\n', '\u{1f600}']) {
    const empty = readInvite(odd);
    assert.deepEqual([empty.ucid, empty.callerno, empty.fromNumber], [undefined, undefined, undefined]);
  }
});

test('what an INVITE does not say is undefined, and a name is no number', () => {
  const read = (...headers) => readInvite(['INVITE sip:500001@example.test SIP/2.0', ...headers, '', ''].join('\r\n'));
  const uui = read('User-to-User: 00FA08393031373439363733303534393700;encoding=hex');
  assert.equal(uui.ucid, undefined, 'X-UCID is the only header of a UCID');
  for (const from of ['"Anonymous" <sip:anonymous@anonymous.invalid>', 'sip:alice@example.test']) {
    const invite = read(`From: ${from};tag=1`, 'X-CALLERNO:');
    assert.deepEqual([invite.fromNumber, invite.callerno], [undefined, undefined], from);
  }
  const number = read('From: <sip:+919000000001@example.test>;tag=1', `X-CALLERNO: ${CALLER}`);
  assert.deepEqual([number.fromNumber, number.callerno], ['+919000000001', CALLER]);
});

test('numbers and UCIDs are judged as in Rust', () => {
  assert.equal(sameNumber(CALLER, '+91 9000 000 001'), true);
  assert.equal(sameNumber(CALLER, '9000000002'), false);
  assert.deepEqual(['90174967305497', 'x', ''].map(isCloudagentUcid), [true, false, false]);
});

test('the default export resolves in Node too, and the types are there', async () => {
  assert.equal(typeof (await init()).memory, 'object');
  const types = readFileSync(new URL('../npm/index.d.ts', import.meta.url), 'utf8');
  assert.match(types, /decide\(now: number, xUcid\?: string \| null, xCallerno\?: string \| null\): 'answer' \| 'ring';/);
  assert.match(types, /constructor\(autoAnswer: 0 \| 1 \| 2 \| 3, expiry\?: number \| null\);/);
});
