import { expect, test, vi } from 'vitest';

vi.mock('../../src/state', () => ({ useMe: () => ({}), useNow: () => 0 }));
vi.mock('../../src/features/worklist/missed', () => ({ useMissed: () => ({}) }));
const { holderOf, isOwn } = await import('../../src/features/call/claims');
const { refusal } = await import('../../src/features/call/outcome');
const { en } = await import('../../src/words/en');
const { hi } = await import('../../src/words/hi');

const taken = (by: string | null, until: number | null = 100, number = '9000000001') => ({ number, claimedBy: by, claimedUntil: until });

test('a row that a colleague has taken is held until the claim ends, and the own one is not', () => {
  const held = (by: string | null, until: number | null, now: number) => holderOf(taken(by, until), [], 'agent01', now);
  expect([held('agent02', 100, 99), held('agent02', 100, 100), held('agent02', null, 1_000)]).toEqual(['agent02', null, 'agent02']);
  expect([held('AGENT01', 100, 0), held(null, null, 0)]).toEqual([null, null]);
  expect(holderOf(taken('agent01'), [], null, 0)).toBe('agent01');
});

test('so is any number whose missed call is taken, however it is written, and no other', () => {
  const missed = [taken('agent02', 100, '+91 90000 00001'), taken('agent01', 100, '9000000002'), taken('agent03', 100, '')];
  const held = (number: string | null, now = 0) => holderOf({ number }, missed, 'agent01', now);
  expect(['9000000001', '09000000001', '9000000002', '9000000003', 'x', '', null].map((number) => held(number))).toEqual(['agent02', 'agent02', null, null, null, null, null]);
  expect(held('9000000001', 100)).toBeNull();
  expect([held('9000000001.0'), held('+1 900 000 0001')]).toEqual(['agent02', null]);
});

test('a claim of an own that has ended may be made again', () => {
  expect([isOwn(taken('agent01'), 'agent01', 0), isOwn(taken('agent01'), 'agent01', 100), isOwn(taken('agent02'), 'agent01', 0), isOwn(taken(null), 'agent01', 0)]).toEqual([true, false, false, false]);
});

test('a dial that was refused says why in the words of the page, and in those of the desk where it has none', () => {
  const why = (reason: string | null, words = en) => refusal({ reason, problem: 'the desk says so' }, words);
  expect(why('claimed')).toBe('A colleague has taken this number and is calling back. Choose someone else, or wait until it is given back.');
  expect(why('in_a_call')).toBe('You are in a call. Call again when it has ended.');
  expect(why('claimed', hi)).toBe('यह नंबर किसी सहकर्मी ने लिया है और वही वापस कॉल कर रहा है। किसी और को चुनें, या उसके लौटाए जाने तक रुकें।');
  expect([why('outside_calling_hours'), why(null), refusal({ reason: null, problem: null }, en)]).toEqual(['the desk says so', 'the desk says so', null]);
});
