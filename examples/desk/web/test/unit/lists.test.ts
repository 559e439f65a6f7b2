import { expect, test, vi } from 'vitest';
import { buttonsOf, drawn, pages, textOf } from './render';

vi.mock('../../src/app', () => ({ owner: {}, softphone: {}, stream: {}, keeper: {} }));
vi.mock('../../src/state', () => ({
  useMe: () => ({ data: { id: 'u1', role: 'agent', agents: ['agent01'], assist: null } }), useNow: () => 1_000, useStale: () => null, useCalls: () => [], useAgents: () => [], useAgent: () => null,
  usePhone: () => ({ registration: 'registered', leg: { kind: 'idle' }, microphone: 'ready' }), useOwnership: () => 'here', useInCall: () => false, useOutdated: () => false,
}));
vi.mock('../../src/features/call/dialing', () => ({ usePending: () => null }));
const { KEYS } = await import('../../src/live/cache');
const { Worklist } = await import('../../src/features/worklist/Worklist');
const { FollowUps } = await import('../../src/features/follow-ups/FollowUps');
const { openOf } = await import('../../src/features/follow-ups/due');
const { Owed } = await import('../../src/features/disposition/Owed');
const { Leads } = await import('../../src/features/team/Leads');
const { default: Appointments } = await import('../../src/features/appointments/Appointments');
const { default: LeadPanel } = await import('../../src/features/lead/LeadPanel');

const NOBODY = { onSelect() {}, chosen: null, busy: false };
const entry = (id: string, number: string, claimedBy: string | null = null) => ({ id, kind: 'missed', name: null, number, source: null, lastInteractionAt: null, ageSec: 60, level: 'due', leadId: null, claimedBy, claimedUntil: claimedBy ? 9_000 : null });
const worklist = (more: object, ...entries: object[]) => [KEYS.worklist, pages({ entries, cursor: null, moreUrgent: false, withoutNumber: 0, at: 0, ...more })] as const;
const missed = (...all: object[]) => [KEYS.missed, { missed: all, more: false }] as const;
const followUp = (id: string, dueAt: number, change: object = {}) => ({ id, agent: 'agent01', number: '9000000003', name: null, text: '', dueAt, done: false, call: null, ...change });
const lead = { id: 'l1', name: 'A', number: '9000000001', email: null, source: null, assignedTo: null, fields: {} };
const appointment = { id: 'a1', state: 'booked', startsAt: 5_000, endsAt: 6_000, doctor: 'Dr B', department: 'Eyes', notes: null, ucid: null, leadId: 'l1', name: 'A', version: 1 };

test('a row says who has taken it, and neither it nor another to the number offers a call', () => {
  const html = drawn(Worklist, NOBODY, [worklist({}, entry('missed:1', '9000000001', 'agent02'), entry('follow_up:2', '9000000002'), entry('lead:3', '9000000003'), entry('missed:4', '9000000004', 'agent01')), missed(entry('2', '9000000002', 'agent03'))]);
  const calls = buttonsOf(html).filter(([name]) => name.startsWith('Call 9'));
  expect(calls).toEqual([['Call 90000 00001', 'taken by agent02'], ['Call 90000 00002', 'taken by agent03'], ['Call 90000 00003', null], ['Call 90000 00004', null]]);
  expect(textOf(html).match(/taken by agent0\d · Missed call/g)).toEqual(['taken by agent02 · Missed call', 'taken by agent03 · Missed call']);
});

test('a worklist that leaves out calls that are due says so', () => {
  const said = (moreUrgent: boolean) => textOf(drawn(Worklist, NOBODY, [worklist({ moreUrgent }, entry('missed:1', '9000000001')), missed()])).includes('More missed calls and follow-ups are due than are listed here.');
  expect([said(true), said(false)]).toEqual([true, false]);
});

test('lists in which names of the platform may be missing say so', () => {
  const says = (html: string) => textOf(html).includes('Names may be missing: the customer platform did not answer.');
  for (const leadsMissing of [true, false]) {
    expect(says(drawn(Worklist, NOBODY, [worklist({ leadsMissing }, entry('missed:1', '9000000001')), missed()]))).toBe(leadsMissing);
    expect(says(drawn(FollowUps, NOBODY, [[KEYS.followUps, pages({ followUps: [followUp('a', 1)], more: false, cursor: null, leadsMissing })], missed()]))).toBe(leadsMissing);
  }
});

test('follow-ups say that there are more and let one load them; what is taken is not called', () => {
  const all = (cursor: string | null, ...followUps: object[]) => drawn(FollowUps, NOBODY, [[KEYS.followUps, pages({ followUps, more: cursor !== null, cursor })], missed(entry('3', '9000000003', 'agent02'))]);
  const more = all('c', followUp('a', 1), followUp('b', 2));
  expect(textOf(more)).toContain('There are more follow-ups than these 2. The first due are shown.');
  expect(buttonsOf(more)).toEqual([['Call 90000 00003', 'taken by agent02'], ['Done', null], ['Call 90000 00003', 'taken by agent02'], ['Done', null], ['Show more', null]]);
  expect(textOf(all(null, followUp('a', 1)))).not.toContain('There are more');
  expect(textOf(all('c'))).not.toContain('No follow-ups.');
  expect(textOf(all(null))).toContain('No follow-ups.');
});

test('the follow-ups of all pages are one list, each of them once', () => {
  const read = pages({ followUps: [followUp('a', 1), followUp('b', 2, { done: true })] }, { followUps: [followUp('c', 9), followUp('a', 5)] }) as unknown as Parameters<typeof openOf>[0];
  expect(openOf(read).map(({ id, dueAt }) => [id, dueAt])).toEqual([['a', 5], ['c', 9]]);
  expect(openOf(undefined)).toEqual([]);
});

test('a list of what is owed that is not whole never says that nothing is', () => {
  const owed = (more: boolean) => textOf(drawn(Owed, {}, [[KEYS.owed, { owed: [], more }]]));
  expect([owed(true), owed(false)]).toEqual(['|More is owed than is listed here. It comes up as this is done.|', '|Nothing is owed.|']);
});

test('leads that could not be read are counted over all pages, and none at all are not said to be none', () => {
  const leads = (...all: object[]) => textOf(drawn(Leads, {}, [[[...KEYS.leads, ''], pages(...all)]]));
  expect(leads({ leads: [lead], next: 'x', unreadable: 1 }, { leads: [], next: null, unreadable: 2 })).toContain('3 leads could not be read, and cannot be shown here.');
  const none = leads({ leads: [], next: null, unreadable: 1 });
  expect([none.includes('1 lead could not be read'), none.includes('No leads')]).toEqual([true, false]);
  expect(leads({ leads: [], next: null, unreadable: 0 })).toContain('No leads. Import a file below.');
});

test('appointments that are not here are said beside those that are', () => {
  const all = (change: object) => textOf(drawn(Appointments, { call: null, selected: { number: '9000000001', name: 'A', leadId: 'l1' }, open: true, onToggle() {} }, [[[...KEYS.appointments, { leadId: 'l1' }], { appointments: [appointment], more: false, unreadable: 0, ...change }]]));
  expect(all({ unreadable: 2 })).toContain('2 appointments could not be read, and cannot be shown here. The customer may have more than you see.');
  expect(all({ more: true })).toContain('Not every appointment is listed here.');
  expect([all({}).includes('could not be read'), all({}).includes('Not every')]).toEqual([false, false]);
});

test('so are those of a lead, which has none only where all of them are known', () => {
  const whole = (change: object) => textOf(drawn(LeadPanel, { call: null, selected: { number: '9000000001', name: 'A', leadId: 'l1' } }, [[[...KEYS.lead, 'l1'], {
    lead, appointments: [], booked: false, calls: [], followUps: [], lastInteraction: null, messages: [], moreAppointments: false, serviceLevel: { state: 'ok', ageSec: 1 }, ...change,
  }]]));
  expect(whole({ moreAppointments: true, appointments: [appointment] })).toContain('Appointments| 1+|Not every appointment is listed here.|');
  expect(whole({ moreAppointments: true })).not.toContain('No appointments.');
  expect(whole({})).toContain('Appointments|No appointments.|');
});
