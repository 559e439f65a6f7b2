import { describe, expect, test } from 'vitest';
import { belongsTo, hasOutcome } from '../../src/features/call/outcome';
import { call } from './calls';

describe('a dial that this page waits for', () => {
  const sending = { ucid: null, reference: null, number: '09000000001' };
  const accepted = { ucid: '7', reference: 'r', number: '9000000001' };
  test('is its own call', () => {
    expect([call({ ucid: '7' }), call({ ucid: '8', ids: ['7', '8'] }), call({ ucid: '8' })].map((one) => belongsTo(accepted, one))).toEqual([true, true, false]);
  });
  test('is its own call in whatever phase it is told of', () => {
    for (const phase of ['calling', 'active', 'after_call', 'closed'] as const) expect([phase, belongsTo(accepted, call({ ucid: '7', phase })), belongsTo(accepted, call({ ucid: '8', phase }))]).toEqual([phase, true, false]);
  });
  test('is not the call that the agent is in meanwhile, of another customer or from one', () => {
    for (const phase of ['ringing', 'active'] as const) {
      expect(belongsTo(sending, call({ ucid: '9', phase, direction: 'inbound' }))).toBe(false);
      expect(belongsTo(sending, call({ ucid: '9', phase, number: '9000000002' }))).toBe(false);
      expect(belongsTo(accepted, call({ ucid: '9', phase, direction: 'inbound' }))).toBe(false);
    }
  });
  test('is known by number or reference before it has an id', () => {
    expect(belongsTo(sending, call({ ucid: '9', phase: 'calling' }))).toBe(true);
    expect([call({ phase: 'after_call' }), call({ phase: 'closed' }), call({ number: null })].map((one) => belongsTo(sending, one))).toEqual([false, false, false]);
    const of = (number: string, called: string) => belongsTo({ ...sending, number }, call({ phase: 'calling', number: called }));
    expect([of('9000000001.0', '09000000001'), of('+1 201 555 0123', '0012015550123'), of('+1 201 555 0123', '2015550123'), of('x', 'x')]).toEqual([true, true, false, false]);
    const dial = { id: 'd', reference: 'r', state: 'accepted' as const };
    expect([belongsTo({ ...sending, reference: 'r' }, call({ dial, number: null })), belongsTo({ ...sending, reference: 'other' }, call({ dial }))]).toEqual([true, false]);
  });
  test('has an outcome once nothing is to be waited for', () => {
    expect((['sending', 'accepted', 'unknown', 'refused', 'not_sent', 'happened'] as const).filter((state) => hasOutcome({ state }))).toEqual(['refused', 'not_sent', 'happened']);
  });
});
