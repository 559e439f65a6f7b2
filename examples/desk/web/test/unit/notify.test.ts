import { expect, test, vi } from 'vitest';
import type { Ringing } from '../../src/phone/machine';
import { call } from './calls';

vi.mock('../../src/state', () => ({ usePhone: () => ({}) }));
vi.mock('../../src/features/call/dialing', () => ({ usePending: () => null }));
const { newRings } = await import('../../src/features/call/notify');

const IDLE = { kind: 'idle' } as const;
const leg = (ucid: string | null, change: Partial<Ringing> = {}): Ringing => ({ kind: 'ringing', session: 's1', ucid, caller: '9000000001', answer: 'ask', ...change });
const inbound = (ucid: string, change = {}) => call({ ucid, direction: 'inbound', phase: 'ringing', lead: { id: 'l', name: 'A' }, ...change });
const rings = (told: Set<string>, calls: Parameters<typeof newRings>[0], of: Parameters<typeof newRings>[1], dials = false) => newRings(calls, of, dials, told).map(({ tag, kind, name }) => [tag, kind, name]);

test('a ring of which the desk knows no call is told once, also when its call comes after it', () => {
  const told = new Set<string>();
  expect(rings(told, [], leg('7'))).toEqual([['7', 'in', null]]);
  expect([rings(told, [], leg('7')), rings(told, [inbound('7')], leg('7')), rings(told, [inbound('7')], IDLE)]).toEqual([[], [], []]);
  expect(rings(told, [inbound('7'), inbound('8')], leg('7'))).toEqual([['8', 'in', 'A']]);
});

test('the call that comes after it may have that ring under another id', () => {
  const told = new Set<string>();
  expect(rings(told, [], leg('7'))).toHaveLength(1);
  expect(rings(told, [inbound('9', { ids: ['7', '9'] })], leg('7'))).toEqual([]);
});

test('a call that is known first is told as itself, and its ring is no other', () => {
  const told = new Set<string>();
  expect(rings(told, [inbound('7')], IDLE)).toEqual([['7', 'in', 'A']]);
  expect([rings(told, [inbound('7')], leg('7')), rings(told, [inbound('7')], leg(null, { session: 's2' }))]).toEqual([[], []]);
});

test('a ring without an id is told as its session, and again when it rings anew', () => {
  const told = new Set<string>();
  expect(rings(told, [], leg(null))).toEqual([['s1', 'in', null]]);
  expect(rings(told, [inbound('7')], leg(null))).toEqual([]);
  expect(rings(told, [], leg(null, { session: 's2' }))).toEqual([['s2', 'in', null]]);
});

test('what is answered by itself or not decided yet is not told, and the own dial is no call that comes in', () => {
  const told = new Set<string>();
  expect([rings(told, [], leg('7', { answer: null })), rings(told, [], leg('7', { answer: 'auto' })), rings(told, [], { kind: 'up', session: 's1', ucid: '7', caller: null, muted: false })]).toEqual([[], [], []]);
  expect(rings(told, [], leg('7'), true)).toEqual([['7', 'own', null]]);
  expect(rings(new Set(), [call({ ucid: '8', phase: 'calling', lead: { id: 'l', name: 'B' } })], leg('7'))).toEqual([['7', 'own', 'B']]);
});
