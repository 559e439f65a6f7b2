import { describe, expect, test } from 'vitest';
import { sameAgent } from '../../src/api/agents';
import { heeds } from '../../src/features/call/shortcuts';
import { callOf, hasForm, isBad, isDone, owedCall, personOf, ringsBeside, subjectOf, wantsAnother } from '../../src/features/desk/subject';
import { stateTone } from '../../src/features/agent/tone';
import type { Entry, WorklistPage } from '../../src/api/types';
import type { Leg, Ringing } from '../../src/phone/machine';
import { fitting } from '../../src/ui/toasts';
import { readAt, waiting } from '../../src/features/worklist/levels';
import { byAttention } from '../../src/features/wallboard/attention';
import { aside, clamped, moved, sized } from '../../src/ui/box';
import { clock, dayOf, daysBefore, grouped, span } from '../../src/words/time';
import { en } from '../../src/words/en';
import { agent, call } from './calls';

describe('which call the card is about', () => {
  const NONE = new Set<string>();
  const done = { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} };
  test('after-call work has precedence over any active call', () => {
    const owed = call({ ucid: '1', phase: 'after_call' });
    expect(subjectOf([call({ ucid: '2', askedAt: 9_000 }), owed], NONE)?.ucid).toBe('1');
  });
  test('then the one that is up, then the one that rings', () => {
    expect(subjectOf([call({ ucid: '1', phase: 'ringing' }), call({ ucid: '2' })], NONE)?.ucid).toBe('2');
    expect(subjectOf([call({ ucid: '1', phase: 'ringing' })], NONE)?.ucid).toBe('1');
  });
  test('of several that ring the one that the phone rings for', () => {
    const both = [call({ ucid: '1', ids: ['0', '1'], phase: 'ringing', direction: 'inbound' }), call({ ucid: '2', phase: 'ringing', direction: 'inbound', askedAt: 9_000 })];
    expect(['0', '1', '2', '3', null].map((rings) => subjectOf(both, NONE, rings)?.ucid)).toEqual(['1', '1', '2', '2', '2']);
    expect(subjectOf([...both, call({ ucid: '3', askedAt: 0 })], NONE, '1')?.ucid).toBe('3');
    expect(subjectOf([...both, call({ ucid: '3', phase: 'calling', askedAt: 99_000 })], NONE, '1')?.ucid).toBe('1');
  });
  test('an inbound one whose ring has ended here is none, until it rings here again', () => {
    const rings = call({ ucid: '1', phase: 'ringing', direction: 'inbound' });
    const leg = (word: typeof rings.phone.leg) => ({ ...rings, phone: { ...rings.phone, leg: word } });
    expect(subjectOf([leg('ended')], NONE)).toBeNull();
    expect(subjectOf([leg('ringing')], NONE)?.ucid).toBe('1');
    expect(subjectOf([leg('none')], NONE)?.ucid).toBe('1');
    expect(subjectOf([{ ...leg('ended'), direction: 'outbound' }], NONE)?.ucid).toBe('1');
  });
  test('a call that is done stays until it was put aside', () => {
    const closed = call({ ucid: '1', phase: 'closed', disposition: done });
    expect(subjectOf([closed], NONE)?.ucid).toBe('1');
    expect(subjectOf([closed], new Set(['1']))).toBeNull();
    expect(subjectOf([call({ ucid: '1', phase: 'closed' })], NONE)).toBeNull();
  });
  test('a call that ran out of its time stays until it is disposed of or put aside', () => {
    const closed = call({ ucid: '1', phase: 'closed', wrapup: { startedAt: 0, limitSec: 120, remainingSec: null, overrun: true } });
    expect(subjectOf([closed], NONE)?.ucid).toBe('1');
    expect(subjectOf([closed, call({ ucid: '2', phase: 'ringing' })], NONE)?.ucid).toBe('2');
    expect(subjectOf([closed], new Set(['1']))).toBeNull();
    const unanswered = call({ ucid: '1', phase: 'closed', wrapup: { startedAt: 0, limitSec: null, remainingSec: null, overrun: false } });
    expect(subjectOf([unanswered], NONE)).toBeNull();
    expect(subjectOf([{ ...unanswered, dial: { id: 'd', reference: 'r', state: 'accepted' } }], NONE)?.ucid).toBe('1');
  });
  test('calls that were put aside one after another stay there, also as parts of another call', () => {
    const both = [call({ ucid: '1', phase: 'closed', disposition: done }), call({ ucid: '2', ids: ['2'], phase: 'closed', disposition: done, askedAt: 9_000 })];
    expect(subjectOf(both, new Set(['1', '2']))).toBeNull();
    expect(subjectOf([call({ ucid: '3', ids: ['1', '3'], phase: 'closed', disposition: done })], new Set(['1']))).toBeNull();
  });
  test('what the service makes of a disposition keeps neither the card nor the next call', () => {
    for (const service of ['pending', 'refused', 'given_up']) {
      const given = call({ ucid: '1', ids: ['1'], phase: 'after_call', disposition: { ...done, targets: { service } } });
      expect(subjectOf([given], NONE)?.ucid).toBe('1');
      expect(subjectOf([given, call({ ucid: '2', phase: 'ringing', direction: 'inbound' })], NONE)?.ucid).toBe('2');
      expect(subjectOf([given], new Set(['1']))).toBeNull();
    }
    expect(subjectOf([call({ ucid: '1', phase: 'after_call' })], new Set(['1']))?.ucid).toBe('1');
  });
  test('another disposition is wanted where the service will never have the first', () => {
    const given = (service: string, why: string | null) => wantsAnother(call({ phase: 'after_call', disposition: { ...done, targets: { service, platform: 'refused' } }, can: { ...call().can, dispose: why } }));
    expect(['refused', 'given_up', 'overtaken'].map((state) => given(state, null))).toEqual([true, true, true]);
    expect([given('refused', 'already_disposed'), given('pending', null), given('sent', null), wantsAnother(call({ phase: 'after_call' }))]).toEqual([false, false, false, false]);
    expect([isBad('service', 'refused'), isBad('platform', 'refused'), isBad('service', 'pending')]).toEqual([true, false, false]);
  });
  test('one of which all is said gives way to whoever is called next', () => {
    const given = (service: string, phase: 'after_call' | 'closed', why: string | null = 'already_disposed') => isDone(call({ phase, disposition: { ...done, targets: { service } }, can: { ...call().can, dispose: why } }));
    expect([given('sent', 'closed'), given('pending', 'after_call'), given('refused', 'closed', null)]).toEqual([true, true, false]);
    expect([isDone(call({ phase: 'closed' })), isDone(call({ phase: 'after_call' })), isDone(call({ disposition: done }))]).toEqual([false, false, false]);
  });
  test('without calls there is none', () => { expect(subjectOf([], NONE)).toBeNull(); });
});

describe('a call that was handed on to a colleague', () => {
  const NONE = new Set<string>();
  const refused = Object.fromEntries(Object.keys(call().can).map((name) => [name, name === 'dispose' ? null : 'not_your_call'])) as typeof theirs.can;
  const theirs = call({ ucid: '1', agent: 'agent02' });
  const wrapup = { startedAt: 9_000, limitSec: 60, remainingSec: 60, overrun: false };
  const part = { agent: 'Agent01', phase: 'after_call' as const, endedAt: 9_000, wrapup, disposition: null, can: refused };
  const handedOn = call({ ...theirs, can: refused, part });
  test('is a form to who handed it on, without the controls, and a call to the colleague', () => {
    const own = callOf(handedOn, 'agent01');
    expect(own).toMatchObject({ ucid: '1', agent: 'Agent01', phase: 'after_call', endedAt: 9_000, wrapup, disposition: null });
    expect([own?.can.dispose, own?.can.hold, own?.can.end]).toEqual([null, 'not_your_call', 'not_your_call']);
    expect([callOf(theirs, 'agent02'), callOf(theirs, 'agent01'), callOf(handedOn, 'agent03')]).toEqual([theirs, null, null]);
  });
  test('does not cover the next call, and comes before one that is done', () => {
    const own = callOf(handedOn, 'agent01') ?? theirs;
    const given = { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} };
    for (const phase of ['active', 'ringing', 'calling'] as const) expect([phase, subjectOf([own, call({ ucid: '2', phase })], NONE)?.ucid]).toEqual([phase, '2']);
    expect(subjectOf([own], NONE)?.ucid).toBe('1');
    expect(subjectOf([own, call({ ucid: '2', phase: 'closed', disposition: given, askedAt: 99_000 })], NONE)?.ucid).toBe('1');
    // What is owed of an own call comes first all the same.
    expect(subjectOf([own, call({ ucid: '2', phase: 'after_call', askedAt: 0 }), call({ ucid: '3' })], NONE)?.ucid).toBe('2');
  });
  test('is disposed of by what was said of the own part', () => {
    const given = { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} };
    const ofColleague = { ...handedOn, phase: 'closed' as const, disposition: given };
    expect(callOf(ofColleague, 'agent01')).toMatchObject({ phase: 'after_call', disposition: null });
    expect(callOf({ ...ofColleague, part: { ...part, phase: 'closed', disposition: given } }, 'agent01')).toMatchObject({ phase: 'closed', disposition: given });
  });
  test('is given for another agent without what is of the reader or of who talked last', () => {
    const given = { code: 'X', name: 'X', at: 0, by: 'x', callBackAt: null, targets: {} };
    const record = { ...theirs, ids: ['0', '1'], booked: true, notes: 'Theirs', disposition: given, wrapup };
    const nothing = { agent: 'agent01', booked: false, notes: '', disposition: null, wrapup: null, part: null, ids: ['1'] };
    expect(owedCall(record, 'agent01', 'agent02')).toMatchObject({ ucid: '1', number: record.number, ...nothing });
    expect(owedCall({ ...record, part }, 'agent01', null)).toMatchObject(nothing);
    expect(owedCall(record, 'agent02', null)).toMatchObject({ ...nothing, agent: 'agent02' });
    expect(owedCall(record, 'agent02', 'agent02')).toEqual(record);
    expect(owedCall({ ...handedOn, notes: 'Own' }, 'agent01', 'agent01')).toMatchObject({ agent: 'Agent01', notes: 'Own', wrapup, part });
  });
  test('is owed by whom has no form for it on the page', () => {
    const row = (agent: string) => ({ ucid: '1', agent });
    expect([hasForm([handedOn], row('agent01')), hasForm([handedOn], row('agent02'))]).toEqual([true, false]);
    const over = { ...handedOn, phase: 'after_call' as const, part: { ...part, phase: 'closed' as const } };
    expect([hasForm([over], row('agent01')), hasForm([over], row('agent02')), hasForm([], row('agent01'))]).toEqual([false, true, false]);
  });
});

describe('what rings here', () => {
  const leg = (change: Partial<Ringing> = {}): Leg => ({ kind: 'ringing', session: 's', ucid: '9', caller: null, answer: 'ask', ...change });
  test('can be picked up without a call of this agent, and beside another one', () => {
    expect(ringsBeside(leg(), null)).toBe(true);
    for (const phase of ['after_call', 'closed', 'active'] as const) expect([phase, ringsBeside(leg(), call({ ucid: '1', phase }))]).toEqual([phase, true]);
  });
  test('is picked up on the card of its own call', () => {
    for (const phase of ['ringing', 'calling'] as const) expect([phase, ringsBeside(leg(), call({ ucid: '1', phase }))]).toEqual([phase, false]);
    expect([ringsBeside(leg(), call({ ucid: '1', ids: ['1', '9'] })), ringsBeside(leg({ ucid: null }), call())]).toEqual([false, false]);
  });
  test('is not picked up on the card of another call that comes in', () => {
    const incoming = (ucid: string) => call({ ucid, phase: 'ringing', direction: 'inbound' });
    expect([ringsBeside(leg(), incoming('1')), ringsBeside(leg(), incoming('9')), ringsBeside(leg({ ucid: null }), incoming('1')), ringsBeside(leg({ answer: null }), incoming('1'))]).toEqual([true, false, false, false]);
  });
  test('is nothing where the desk has decided, or nothing rings', () => {
    expect([ringsBeside(leg({ answer: null }), null), ringsBeside(leg({ answer: 'auto' }), null), ringsBeside({ kind: 'idle' }, null)]).toEqual([false, false, false]);
  });
});

test('two ids are one agent’s, however they are spelled', () => {
  for (const [one, other] of [['043', '43'], ['Agent01', 'agent01'], [' agent01 ', 'AGENT01']]) expect([one, sameAgent(one, other)]).toEqual([one, true]);
  for (const [one, other] of [['43', '430'], ['agent01', 'agent1'], ['0agent', 'agent'], [null, null], [undefined, 'a'], ['', ''], ['0', '00']]) expect([one, sameAgent(one, other)]).toEqual([one, false]);
});

describe('messages in passing', () => {
  const message = (id: number, tone: string) => ({ id, tone });
  test('are few, and none pushes out what went wrong', () => {
    const all = [message(1, 'bad'), ...[2, 3, 4, 5, 6].map((id) => message(id, 'warning')), message(7, 'good')];
    expect(fitting(all).map(({ id }) => id)).toEqual([1, 4, 5, 6, 7]);
    expect(fitting([1, 2, 3, 4, 5].map((id) => message(id, 'bad'))).map(({ id }) => id)).toEqual([2, 3, 4, 5]);
    expect(fitting([...[1, 2, 3, 4].map((id) => message(id, 'bad')), message(5, 'warning')]).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });
});

test('who waits in the worklist does so since the page was read on which it is', () => {
  const entry = (id: string, ageSec: number) => ({ id, kind: 'lead', name: null, number: '9000000001', source: null, ageSec, level: 'ok', leadId: null, lastInteractionAt: null }) as unknown as Entry;
  const page = (...entries: Entry[]) => ({ entries, cursor: null, withoutNumber: 0 }) as unknown as WorklistPage;
  const pages = [readAt(page(entry('a', 60)), 100_000), readAt(page(entry('b', 60), entry('c', 10)), 900_000)];
  expect(waiting(pages).map(({ entry: { id }, since }) => [id, since])).toEqual([['a', 40_000], ['b', 840_000], ['c', 890_000]]);
});

describe('who somebody is to the page', () => {
  test('is the same before the call, in it, and as it becomes part of another', () => {
    const own = call({ ucid: '1', number: '09000000001' });
    expect([personOf({ number: '9000000001' }, null), personOf(own, own), personOf(call({ ucid: '2', number: own.number }), { ucid: '2' })]).toEqual(Array(3).fill('9000000001'));
    expect([personOf({ number: '9000000002' }, null), personOf(call({ ucid: '3', number: null }), { ucid: '3' }), personOf(null, null)]).toEqual(['9000000002', '3', '']);
  });
});

describe('a single key', () => {
  const on = (element: string) => ({ closest: (selectors: string) => (selectors.split(', ').includes(element) ? ({} as Element) : null) });
  test('is a shortcut, but not where somebody types', () => {
    expect([heeds('1', null), heeds('Enter', null), heeds('m', on('button'))]).toEqual([true, true, true]);
    for (const typed of ['input', 'textarea', 'select', '[role=dialog]']) expect([heeds('1', on(typed)), heeds('Enter', on(typed))]).toEqual([false, false]);
  });
  test('is none where Enter presses what has the focus', () => {
    expect(['button', 'a', 'summary', '[role=button]'].map((pressed) => heeds('Enter', on(pressed)))).toEqual([false, false, false, false]);
  });
});

test('a state has the tone of a whole word of it, and none where it is not known', () => {
  const tones = (...words: string[]) => words.map((word) => stateTone(agent('a', word)));
  expect(tones('READY', 'Idle', 'AVAILABLE', 'BUSY', 'INCALL', 'ON_CALL', 'ACW', 'AFTER CALL WORK', 'PAUSED', 'AUX', 'LOGOUT', 'LOGGED_OUT')).toEqual(['good', 'good', 'good', 'blue', 'blue', 'blue', 'warning', 'warning', 'warning', 'warning', 'bad', 'bad']);
  expect(tones('NOT_READY', 'UNAVAILABLE', 'NOT READY', 'RECALLED', 'SOMETHING', '')).toEqual(['', '', '', '', '', '']);
  expect(stateTone(agent('a', 'READY', { state: { ...agent('a', 'READY').state, fresh: false } }))).toBe('');
});

test('who needs attention is first', () => {
  const since = (minutes: number) => ({ word: 'ACW', kind: null, source: 's', at: 0, since: 600_000 - minutes * 60_000, fresh: true, asked: null, setBy: null });
  const agents = [agent('ready', 'READY'), agent('wrap', 'ACW', { state: since(5) }), agent('out', 'LOGOUT', { loggedIn: false }), agent('owes', 'READY', { owed: 1 }), agent('short', 'ACW', { state: since(1) })];
  expect(byAttention(agents, 600_000).map((one) => one.agent)).toEqual(['owes', 'wrap', 'short', 'ready', 'out']);
});

describe('a window', () => {
  const screen = { width: 1000, height: 800 };
  test('never leaves the screen', () => {
    expect(clamped({ x: -50, y: 900, width: 400, height: 300 }, screen)).toEqual({ x: 0, y: 500, width: 400, height: 300 });
    expect(moved({ x: 10, y: 10, width: 400, height: 300 }, 5_000, -5_000, screen)).toEqual({ x: 600, y: 0, width: 400, height: 300 });
  });
  test('keeps a least and a greatest size', () => {
    expect(sized({ x: 700, y: 0, width: 280, height: 300 }, 900, 0, screen)).toEqual({ x: 700, y: 0, width: 300, height: 300 });
    expect(sized({ x: 0, y: 0, width: 400, height: 300 }, -390, -290, screen)).toMatchObject({ width: 280, height: 180 });
  });
  test('fits a screen that is smaller than it', () => {
    expect(clamped({ x: 0, y: 0, width: 400, height: 300 }, { width: 200, height: 150 })).toEqual({ x: 0, y: 0, width: 200, height: 150 });
  });
});

describe('times', () => {
  test('on a clock', () => { expect([clock(0), clock(42_900), clock(3_729_000), clock(-5)]).toEqual(['00:00', '00:42', '1:02:09', '00:00']); });
  test('in words', () => { expect([span(30_000, en), span(240_000, en), span(7_200_000, en), span(200_000_000, en)]).toEqual(['30 s', '4 min', '2 h', '2 d']); });
  test('a day is the account’s', () => {
    expect(dayOf(Date.UTC(2026, 10, 25, 20, 0))).toBe('2026-11-26');
    expect(daysBefore('2026-03-01', 1)).toBe('2026-02-28');
  });
  test('numbers in groups', () => { expect([grouped('9000000001'), grouped('09000000001'), grouped('+39061234567'), grouped('918000000001')]).toEqual(['90000 00001', '90000 00001', '+39061234567', '918000000001']); });
});

describe('a window over what has the focus', () => {
  const screen = { width: 1440, height: 900 };
  const box = { x: 96, y: 404, width: 360, height: 480 };
  const rect = (left: number, top: number, width: number, height: number) => ({ left, top, right: left + width, bottom: top + height });
  test('stays where it covers nothing of it', () => expect(aside(box, rect(500, 500, 100, 30), screen)).toBeNull());
  test('steps to the nearest side that has room', () => {
    expect(aside(box, rect(100, 500, 300, 30), screen)).toEqual({ ...box, x: 408 });
    expect(aside(box, rect(100, 860, 300, 24), screen)).toEqual({ ...box, y: 372 });
  });
  test('wherever the focus is, it is clear of it and on the screen, or stays', () => {
    for (let left = 0; left < 1400; left += 60) {
      for (let top = 0; top < 880; top += 40) {
        const focus = rect(left, top, 120, 36);
        const found = aside(box, focus, screen);
        if (!found) continue;
        expect(found.x >= 0 && found.y >= 0 && found.x + found.width <= 1440 && found.y + found.height <= 900).toBe(true);
        expect(found.x >= focus.right || found.x + found.width <= focus.left || found.y >= focus.bottom || found.y + found.height <= focus.top).toBe(true);
      }
    }
  });
});
