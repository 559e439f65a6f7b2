import type { ComponentType } from 'react';
import { expect, test, vi } from 'vitest';
import type { Token, User } from '../../src/api/types';
import { buttonsOf, drawn, type Read } from './render';

const page = vi.hoisted(() => ({ stale: null as 'stale' | null }));
vi.mock('../../src/state', () => ({ useMe: () => ({ data: { id: 'u0', agents: [] } }), useNow: () => 0, useStale: () => page.stale }));
vi.stubGlobal('localStorage', { getItem: () => null });
const { KEYS } = await import('../../src/live/cache');
const { Users } = await import('../../src/features/admin/Users');
const { LinkForm } = await import('../../src/features/admin/Links');
const { Tokens } = await import('../../src/features/admin/Tokens');
const { Subscription } = await import('../../src/features/admin/Subscription');
const { ConsentPart } = await import('../../src/features/assist/Consent');
const { Import } = await import('../../src/features/team/Import');

const STALE = 'the page is out of date';
const user: User = { id: 'u1', email: 'a@x.test', name: 'A', role: 'agent', agent: 'agent01', disabled: false, hasPassword: true, mustChangePassword: false, madeAt: 0 };
const token: Token = { id: 't1', name: 'CRM', role: 'service', agents: [], madeAt: 0, seenAt: null, endsAt: null } as unknown as Token;
const link = { user: 'u1', agent: 'agent01', extension: null, phoneName: null, uniqueId: null, campaignId: null, autoAnswer: null, dialWay: null, hasPassword: false, hasSipPassword: false };
const read: Read = [[KEYS.users, [user]], [KEYS.links, [link]], [KEYS.tokens, [token]], [KEYS.subscription, { state: 'other', calls: 'x', agents: 'y', expected: 'z' }], [['assist', 'campaigns'], { campaigns: [{ campaign: 'c', consent: true }] }]];

function blocked<P extends object>(part: ComponentType<P>, props: P, name: string) {
  return [null, 'stale' as const].map((stale) => {
    page.stale = stale;
    return buttonsOf(drawn(part, props, read)).find(([known]) => known === name)?.[1];
  });
}

test('nothing is changed in Administration while the page is out of date', () => {
  expect(blocked(Users, {}, 'Add user')).toEqual([null, STALE]);
  const form = { user, link, onClose() {} } as unknown as Parameters<typeof LinkForm>[0];
  expect([blocked(LinkForm, form, 'Save'), blocked(LinkForm, form, 'Remove the link'), blocked(LinkForm, form, 'Cancel')]).toEqual([[null, STALE], [null, STALE], [null, null]]);
  expect([blocked(Tokens, {}, 'Make token'), blocked(Tokens, {}, 'Revoke: CRM')]).toEqual([[null, STALE], [null, STALE]]);
  expect([blocked(Subscription, {}, 'Send events here'), blocked(Subscription, {}, 'Stop events')]).toEqual([[null, STALE], [null, STALE]]);
  expect(blocked(Import, {}, 'Import leads')).toEqual(['CSV file', STALE]);
});

test('nor is what may be listened to', () => {
  const off = [null, 'stale' as const].map((stale) => {
    page.stale = stale;
    return drawn(ConsentPart, {}, read).split('<input').filter((part) => part.includes('role="switch"')).map((part) => part.includes('disabled=""'));
  });
  expect(off).toEqual([[false], [true]]);
});
