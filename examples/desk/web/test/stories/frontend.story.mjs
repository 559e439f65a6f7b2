// A front end of the frozen routes in Node runs unchanged but for its header.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Desk } from '../harness.mjs';

const FRONT_END = fileURLToPath(new URL('../front-end.mjs', import.meta.url));

test('a front end of the frozen routes, with a token for its header', { timeout: 60_000 }, async () => {
  const desk = await Desk.start({ DESK_SIM_SPEED: '10' });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [FRONT_END, desk.http, desk.token]);
    const seen = JSON.parse(stdout);
    assert.deepEqual([seen.login.status, seen.dial.status], ['success', 'success']);
    assert.match(seen.dial.ucid, /^[0-9]{15,17}$/);
    for (const [step, text] of [['hold', 'hold'], ['unhold', 'hold'], ['mute', 'mute'], ['unmute', 'mute'], ['conference', 'dialing'], ['kick', 'disconnected']]) {
      assert.equal(seen[step].status, 'Success', step);
      assert.match(seen[step].message.toLowerCase(), new RegExp(text), step);
    }
    assert.deepEqual([seen.pause.status, seen.resume.status], ['Success', 'Success']);
    assert.deepEqual([seen.dispose.status, seen.dispose.code], ['success', 'INFO_PROVIDED']);
    assert.ok(Array.isArray(seen.missed.body), 'missed calls are a bare array');
    assert.equal(seen.performance.body.calls.total, seen.performance.body.calls.inbound + seen.performance.body.calls.outbound);
    assert.ok(Array.isArray(seen.history.body));
    assert.deepEqual([seen.incomplete.status, typeof seen.incomplete.body.message], [400, 'string']);
    assert.equal(seen.logout.status, 'success');
    // Without the header no one is answered, and no one rung.
    await assert.rejects(promisify(execFile)(process.execPath, [FRONT_END, desk.http]), /agent-login: 401/);
    assert.equal((await desk.callsTo('9000012345')).length, 1);
  } finally {
    await desk.stop();
  }
});
