import { expect, test } from 'vitest';
import { heardCall } from '../../src/features/assist/whose';
import type { Leg } from '../../src/phone/machine';
import { call } from './calls';

const up = (ucid: string | null): Leg => ({ kind: 'up', session: 's', ucid, caller: null, muted: false });
const before = call({ ucid: '1', ids: ['1'] });
const now = call({ ucid: '2', ids: ['2', '3'] });

test('the sound is of the call that the leg names, whatever else the desk still takes for active', () => {
  expect(heardCall([before, now], 'agent01', up('2'))?.ucid).toBe('2');
  expect(heardCall([before, now], 'Agent01', up('3'))?.ucid).toBe('2');
  expect(heardCall([before], 'agent01', up('2'))).toBeNull();
  expect(heardCall([before, call({ ucid: '2', ids: ['2'], phase: 'ringing' })], 'agent01', up('2'))).toBeNull();
});

test('a leg that names no call is the only one that there is, or none', () => {
  expect(heardCall([now], 'agent01', up(null))?.ucid).toBe('2');
  expect(heardCall([before, now], 'agent01', up(null))).toBeNull();
  expect(heardCall([before, call({ ucid: '2', ids: ['2'], phase: 'ringing' })], 'agent01', up(null))).toBeNull();
  expect(heardCall([now, call({ ucid: '4', agent: 'agent02' })], 'agent01', up(null))?.ucid).toBe('2');
});

test('without a leg, and of a colleague, there is none', () => {
  expect(heardCall([now], 'agent01', { kind: 'idle' })).toBeNull();
  expect(heardCall([now], 'agent02', up('2'))).toBeNull();
  expect(heardCall([now], null, up('2'))).toBeNull();
});
