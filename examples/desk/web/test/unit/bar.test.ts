import { expect, test } from 'vitest';
import { barCall } from '../../src/features/desk/subject';
import { pagesOf, homeOf } from '../../src/routes';
import { call } from './calls';

test('the call that goes along is the one that is up, then what rings, then one of which nothing was said', () => {
  const given = { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} };
  const [up, rings, owed] = [call({ ucid: '1' }), call({ ucid: '2', phase: 'ringing', direction: 'inbound' }), call({ ucid: '3', phase: 'after_call', askedAt: 9_000 })];
  const said = call({ ucid: '4', phase: 'after_call', disposition: given });
  const over = { ...rings, phone: { ...rings.phone, leg: 'ended' as const } };
  expect([[owed, rings, up], [owed, rings], [owed, over], [said, call({ ucid: '5', phase: 'closed' })], []].map((calls) => barCall(calls)?.ucid)).toEqual(['1', '2', '3', undefined, undefined]);
});

test('of several that ring the one that the phone rings for goes along', () => {
  const both = [call({ ucid: '1', phase: 'ringing', direction: 'inbound' }), call({ ucid: '2', phase: 'ringing', direction: 'inbound', askedAt: 9_000 })];
  expect(['1', '2', '9', null].map((rings) => barCall(both, rings)?.ucid)).toEqual(['1', '2', '2', '2']);
});

test('whoever takes calls has the call desk, in whatever role', () => {
  const paths = (role: 'agent' | 'supervisor' | 'administrator', ...agents: string[]) => pagesOf({ role, agents }).map(({ path }) => path);
  expect(paths('supervisor')).toEqual(['/wallboard', '/call-history', '/team']);
  expect(paths('supervisor', 'agent01')).toEqual(['/', '/wallboard', '/call-history', '/team']);
  expect([homeOf({ role: 'administrator', agents: [] }), homeOf({ role: 'administrator', agents: ['agent01'] }), homeOf({ role: 'agent', agents: [] })]).toEqual(['/wallboard', '/', '/']);
});
