import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { QueryClient } from '@tanstack/react-query';
import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/api/problem';
import type { Appointment } from '../../src/api/types';
import { BOOKED, booking, changed, freshSlots, lostBy, ofDay, relevant, suggested, why } from '../../src/features/appointments/slots';
import { beginning, placed, type Places } from '../../src/features/customer/places';
import { moment, plain, profileOf } from '../../src/features/customer/profile';
import { ProfileView } from '../../src/features/customer/ProfileView';
import { filled, leadOf, moreOf } from '../../src/features/lead/query';
import { KEYS, apply } from '../../src/live/cache';

const HOSTILE = '<img src=x onerror=alert(1)>';

describe('a profile', () => {
  test('of the documented shape', () => {
    const profile = profileOf({
      customer_id: '7', session_id: 's', id: 1, extension: '1001', call_sid: 'CA1', voice_pin: '1234', name: 'Customer A', phone: '9000000001', email: 'a@example.test', notes: 'From the assistant', account_status: 'Verified',
      conversation_history: [{ role: 'user', content: 'I need a person', timestamp: 1_790_000_000 }, { role: 'assistant', content: 'One moment' }],
      activities: [{ type: 'tool_call', tool: 'create_event', activity_type: 'calendar_event', title: 'Check-up', action: 'created', date: '2026-11-27', result: 'ok', timestamp: '2026-11-26T10:00:00+05:30' }],
    });
    expect(profile).toEqual({
      name: 'Customer A', phone: '9000000001', email: 'a@example.test', notes: 'From the assistant', more: [['Account status', 'Verified']],
      turns: [{ who: 'customer', role: 'user', text: 'I need a person', at: 1_790_000_000_000 }, { who: 'assistant', role: 'assistant', text: 'One moment', at: null }],
      activities: [{ kind: 'calendar_event', action: 'created', title: 'Check-up', date: '2026-11-27', at: Date.UTC(2026, 10, 26, 4, 30), result: 'ok' }],
    });
  });
  test('that knows nothing is none', () => {
    const miss = { name: 'Unknown Caller', email: 'N/A', phone: '9000000001', account_status: 'N/A', open_tickets: 0, notes: 'No context', conversation_history: [], activities: [] };
    expect(profileOf(miss)).toBeNull();
    expect(profileOf({ ...miss, conversation_history: [{ role: 'user', content: 'hello' }] })?.name).toBeNull();
    for (const nothing of [null, 'text', 7, [], {}]) expect(profileOf(nothing)).toBeNull();
  });
  test('with a shape of its own costs what is odd, and no more', () => {
    const profile = profileOf({ name: { first: 'A' }, notes: 'kept', conversation_history: [null, 'x', { role: 'tool', content: 'result' }, { role: 'user' }], activities: 'none', vehicle: 'blue van', nested: { a: 1 } });
    expect(profile).toMatchObject({ name: null, notes: 'kept', turns: [{ who: 'other', role: 'tool', text: 'result' }], activities: [], more: [['Vehicle', 'blue van']] });
  });
  test('is bounded, and without marks that turn what stands beside them', () => {
    expect(plain('x'.repeat(100_000))).toHaveLength(4_000);
    expect(plain('a\u202eb\u0000c\u2066')).toBe('abc');
    const many = profileOf({ name: 'A', conversation_history: Array.from({ length: 2_000 }, (_, n) => ({ role: 'user', content: `${n}` })) });
    expect([many?.turns.length, many?.turns.at(-1)?.text]).toEqual([500, '1999']);
  });
  test('says a time only where its zone is known', () => {
    expect([moment('2026-11-26T10:00:00'), moment('yesterday'), moment(12), moment(NaN), moment(null)]).toEqual([null, null, null, null, null]);
    expect([moment('1790000000'), moment(1_790_000_000_123), moment('2026-11-26T00:00:00Z')]).toEqual([1_790_000_000_000, 1_790_000_000_123, Date.UTC(2026, 10, 26)]);
  });
  test('is shown as text, whatever it holds', () => {
    const profile = profileOf({
      name: HOSTILE, phone: HOSTILE, email: 'javascript:alert(1)', notes: HOSTILE, [HOSTILE]: HOSTILE,
      conversation_history: [{ role: HOSTILE, content: HOSTILE }], activities: [{ type: HOSTILE, tool: HOSTILE, result: `${HOSTILE}!`, action: HOSTILE, date: HOSTILE }],
    });
    if (!profile) throw new Error('a profile');
    const html = renderToStaticMarkup(createElement(ProfileView, { profile }));
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(html).not.toMatch(/<img|href=|<script/);
  });
});

describe('where the customer window is', () => {
  const box = { x: 1, y: 2, width: 300, height: 300 };
  test('is kept for each call apart', () => {
    let places: Places = placed(new Map(), '1', { box });
    places = placed(places, '2', { closed: true });
    places = placed(places, '1', { closed: true });
    expect([places.get('1'), places.get('2')]).toEqual([{ box, closed: true }, { box: null, closed: true }]);
  });
  test('of the oldest calls is forgotten', () => {
    const places = Array.from({ length: 20 }, (_, n) => `${n}`).reduce<Places>((kept, ucid) => placed(kept, ucid, { closed: true }), new Map());
    expect([...places.keys()]).toEqual(['12', '13', '14', '15', '16', '17', '18', '19']);
  });
  test('begins on the screen, each call’s in a place of its own', () => {
    const screen = { width: 1440, height: 900 };
    expect(beginning(0, screen)).toEqual({ x: 96, y: 404, width: 360, height: 480 });
    expect(beginning(1, screen)).not.toMatchObject({ x: beginning(0, screen).x });
  });
});

describe('appointments', () => {
  const slot = { id: 's', doctorId: 'd', startsAt: 2_000, endsAt: 3_000, taken: false };
  const one = (change: Partial<Appointment>): Appointment => ({
    id: 'a', leadId: 'l', name: 'A', number: '9000000001', doctorId: 'd', doctor: 'Doctor', department: 'Eyes', slotId: 's', startsAt: 2_000, endsAt: 3_000, state: 'booked', version: 1, bookedBy: 'u', bookedAt: 0, notes: null, ucid: null, ...change,
  });
  test('a slot that is taken or over cannot be chosen; one’s own can be kept', () => {
    expect([why(slot, 1_000, null), why({ ...slot, taken: true }, 1_000, null), why({ ...slot, taken: true }, 1_000, 's'), why(slot, 2_000, 's')]).toEqual([null, 'taken', null, 'past']);
  });
  test('only a refusal that brings slots is a lost slot', () => {
    const problem = (status: number, more: object) => new Problem({ status, message: '', mayHaveHappened: false, ...more });
    expect(freshSlots(problem(409, { slots: [slot] }))).toEqual([slot]);
    expect([lostBy(problem(409, { slots: [slot], reason: 'slot_past' })), lostBy(problem(409, { slots: [slot], reason: 'slot_taken' })), lostBy(problem(409, { slots: [slot] }))]).toEqual(['past', 'taken', 'taken']);
    expect([freshSlots(problem(409, {})), freshSlots(problem(409, { slots: 'x' })), freshSlots(problem(422, { slots: [slot] }))]).toEqual([null, null, null]);
  });
  test('of the times around a lost one, those of the day are shown', () => {
    const day = Date.UTC(2026, 10, 26, 18, 29);
    const all = [{ ...slot, startsAt: day }, { ...slot, startsAt: day + 120_000 }, { ...slot, doctorId: 'other', startsAt: day }];
    expect(ofDay(all, 'd', '2026-11-26')).toEqual([all[0]]);
    expect(ofDay(all, 'd', '2026-11-27')).toEqual([all[1]]);
  });
  test('beside a call are its own, also cancelled, and what is ahead', () => {
    const all = [one({ id: 'ahead', startsAt: 9_000, endsAt: 9_500 }), one({ id: 'here', ucid: '1', state: 'cancelled' }), one({ id: 'gone', endsAt: 10, startsAt: 5 }), one({ id: 'off', state: 'cancelled' })];
    expect(relevant(all, '1', 1_000).map(({ id }) => id)).toEqual(['here', 'ahead']);
    expect(relevant(all, null, 1_000).map(({ id }) => id)).toEqual(['ahead']);
  });
  test('notes are sent when they were changed, and not when they are not shown', () => {
    const kept = { slotId: 't', version: 1 };
    expect([changed(one({}), 't', ''), changed(one({ notes: 'n' }), 't', 'n')]).toEqual([kept, kept]);
    expect([changed(one({}), 't', 'new'), changed(one({ notes: 'n' }), 't', '')]).toEqual([{ ...kept, notes: 'new' }, { ...kept, notes: '' }]);
  });
  test('a booking suggests its disposition, and never overrules a choice', () => {
    const choices = [{ code: 'INFO' }, { code: BOOKED }];
    expect([suggested(null, true, choices), suggested('INFO', true, choices), suggested('', true, choices), suggested(null, false, choices), suggested(null, true, [{ code: 'INFO' }])]).toEqual([BOOKED, 'INFO', '', '', '']);
  });
});

describe('a lead', () => {
  const lead = { id: 'l', name: 'A', number: '9000000001', email: null, source: null, assignedTo: null, createdAt: 0, lastInteractionAt: null, fields: { date_of_visit: ' 2026-01-01', empty: ' ' } };
  test('is none only where the desk has said so', () => {
    const said = (data: { lead: { id: string } | null } | undefined, error: unknown = null, known: string | null = null) => {
      const { id, failed } = leadOf(known, '9000000001', { data, error, refetch: () => null });
      return [id, failed];
    };
    const problem = (status: number) => new Problem({ status, message: '', mayHaveHappened: false });
    expect([said(undefined), said({ lead: null }), said({ lead: { id: 'l' } })]).toEqual([[undefined, false], [null, false], ['l', false]]);
    expect([said(undefined, problem(502)), said(undefined, problem(0)), said(undefined, problem(400))]).toEqual([[undefined, true], [undefined, true], [null, false]]);
    // What was known before the desk could not be asked is known still.
    expect([said({ lead: { id: 'l' } }, problem(502)), said(undefined, problem(502), 'k')]).toEqual([['l', false], ['k', false]]);
  });
  test('shows its plain facts', () => { expect(moreOf(lead)).toEqual([['Date of visit', '2026-01-01']]); });
  test('is written to with what was typed, each in its place', () => {
    expect(filled('Dear {1}, at {2}. {3} {1}', ['A', ' '])).toBe('Dear A, at {2}. {3} A');
    expect(filled('{1}', ['$& {2}'])).toBe('$& {2}');
  });
});

test('what the desk says of customers makes old what is kept of them', () => {
  const stale = (kind: string) => {
    const cache = new QueryClient();
    const keys = [KEYS.lead, KEYS.appointments, KEYS.profile, KEYS.worklist];
    keys.forEach((key) => cache.setQueryData([...key, 'x'], 1));
    apply(cache, { kind, id: '1', data: { ucid: '1' } });
    return keys.filter((key) => cache.getQueryState([...key, 'x'])?.isInvalidated).map(([name]) => name);
  };
  expect(stale('lead.changed')).toEqual(['lead', 'worklist']);
  expect(stale('appointment.changed')).toEqual(['lead', 'appointments']);
  expect(stale('profile.changed')).toEqual(['profile']);
  expect(stale('popup')).toEqual(['profile']);
  expect(stale('snapshot')).toEqual(['lead', 'appointments', 'profile', 'worklist']);
});

describe('a booking', () => {
  const person = (change: object = {}) => ({ leadId: null, number: '9000000001', ucid: '7', name: 'A', ...change });
  test('names who is to come, where nobody else knows it', () => {
    expect(booking(person(), 's1', 'n', ' A ')).toEqual({ slotId: 's1', notes: 'n', leadId: null, number: '9000000001', ucid: '7', name: 'A' });
    expect(booking(person({ name: null }), 's1', '', ' ')).toEqual({ slotId: 's1', notes: '', leadId: null, number: '9000000001', ucid: '7' });
  });
  test('is for the lead, as the desk knows it, unless another name was typed', () => {
    const lead = person({ leadId: 'l1' });
    expect(booking(lead, 's1', '', 'A')).toEqual({ slotId: 's1', notes: '', leadId: 'l1', number: null, ucid: '7' });
    expect(booking(lead, 's1', '', '')).toEqual({ slotId: 's1', notes: '', leadId: 'l1', number: null, ucid: '7' });
    expect(booking(lead, 's1', '', 'A’s daughter')).toEqual({ slotId: 's1', notes: '', leadId: 'l1', number: null, ucid: '7', name: 'A’s daughter' });
  });
});
