import { describe, expect, test } from 'vitest';
import { START, next, type Phone, type PhoneFact } from '../../src/phone/machine';

const after = (...facts: PhoneFact[]) => facts.reduce<Phone>(next, START);
const invited: PhoneFact = { is: 'invited', session: 'a', ucid: '7', caller: '9000000001' };

describe('the phone', () => {
  test('rings, is answered, ends', () => {
    expect(after(invited).leg).toEqual({ kind: 'ringing', session: 'a', ucid: '7', caller: '9000000001', answer: null });
    expect(after(invited, { is: 'decided', session: 'a', answer: 'ask' }).leg).toMatchObject({ kind: 'ringing', answer: 'ask' });
    expect(after(invited, { is: 'up', session: 'a' }).leg).toEqual({ kind: 'up', session: 'a', ucid: '7', caller: '9000000001', muted: false });
    expect(after(invited, { is: 'up', session: 'a' }, { is: 'ended', session: 'a' }).leg).toEqual({ kind: 'idle' });
  });

  test('a second invitation does not replace the call that is up', () => {
    expect(after(invited, { is: 'up', session: 'a' }, { is: 'invited', session: 'b', ucid: '8', caller: null }).leg).toMatchObject({ kind: 'up', session: 'a' });
  });

  test('the end of another session ends nothing', () => {
    expect(after(invited, { is: 'ended', session: 'old' }).leg).toMatchObject({ kind: 'ringing', session: 'a' });
    expect(after(invited, { is: 'up', session: 'a' }, { is: 'ended', session: 'old' }).leg).toMatchObject({ kind: 'up' });
  });

  test('nothing is up that did not ring', () => {
    expect(after({ is: 'up', session: 'a' }).leg).toEqual({ kind: 'idle' });
  });

  test('mute is of the session that is up only', () => {
    expect(after(invited, { is: 'muted', session: 'a', on: true }).leg).toMatchObject({ kind: 'ringing' });
    expect(after(invited, { is: 'up', session: 'a' }, { is: 'muted', session: 'b', on: true }).leg).toMatchObject({ muted: false });
    expect(after(invited, { is: 'up', session: 'a' }, { is: 'muted', session: 'a', on: true }).leg).toMatchObject({ muted: true });
  });

  test('a lost registration does not end the call', () => {
    const phone = after({ is: 'registered' }, invited, { is: 'up', session: 'a' }, { is: 'unregistered' });
    expect(phone.registration).toBe('off');
    expect(phone.leg.kind).toBe('up');
  });

  test('a connection that is made again does not look unregistered', () => {
    expect(after({ is: 'registered' }, { is: 'connecting' }).registration).toBe('registered');
    expect(after({ is: 'connecting' }).registration).toBe('connecting');
  });

  test('a lost microphone in a call is said', () => {
    expect(after(invited, { is: 'up', session: 'a' }, { is: 'device_lost' })).toMatchObject({ leg: { kind: 'lost', ucid: '7' }, microphone: 'missing' });
    expect(after({ is: 'device_lost' }).leg).toEqual({ kind: 'idle' });
  });
});
