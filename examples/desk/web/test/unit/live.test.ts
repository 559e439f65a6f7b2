import { QueryClient } from '@tanstack/react-query';
import { describe, expect, test } from 'vitest';
import { KEYS, apply, type Calls } from '../../src/live/cache';
import type { Call } from '../../src/api/types';
import { askAs } from '../../src/api/client';
import { callOf } from '../../src/features/desk/subject';
import { fillNotes, notesOf, notesToSend } from '../../src/features/call/drafts';
import { replaced, reset } from '../../src/live/records';
import { Stream, type Source, type StreamMessage } from '../../src/live/stream';
import { call } from './calls';

describe('records', () => {
  const one = (version: number) => ({ id: 'a', version });
  test('the higher version wins, in any order', () => {
    const kept = replaced(new Map(), 'a', one(2));
    expect(replaced(kept, 'a', one(1)).get('a')).toEqual(one(2));
    expect(replaced(kept, 'a', one(3)).get('a')).toEqual(one(3));
    expect(replaced(kept, 'a', one(2))).toBe(kept);
  });
  test('a snapshot replaces the set', () => {
    const kept = replaced(new Map(), 'gone', { id: 'gone', version: 9 });
    expect([...reset(kept, [one(1)], ({ id }) => id).keys()]).toEqual(['a']);
  });
  test('a change that came before an older snapshot survives it', () => {
    const kept = replaced(new Map(), 'a', one(5));
    expect(reset(kept, [one(4)], ({ id }) => id).get('a')).toEqual(one(5));
  });
});

test('a call that is told again with the name of its lead has it, and keeps it', () => {
  const cache = new QueryClient();
  cache.setQueryData(KEYS.me, { agents: ['agent01'] });
  const tell = (change: Partial<Call>) => {
    apply(cache, { kind: 'call.changed', id: '1', data: call({ ucid: '1', version: 3, ...change }) });
    return cache.getQueryData<Calls>(KEYS.calls)?.get('1');
  };
  const lead = { id: 'l', name: 'Asha' };
  tell({});
  expect(tell({ lead })?.lead).toEqual(lead);
  expect(tell({})?.lead).toEqual(lead);
  // Who looks after the one who had it before is told of the same version, of what that one may still see.
  expect(tell({ lead, number: null, can: { ...call().can, hold: 'not_your_call' } })).toMatchObject({ number: '9000000001', can: { hold: null } });
  expect(tell({ version: 2, lead: { id: 'l', name: 'Old' } })?.lead).toEqual(lead);
  // Who handed it on is told of the same version with the own part, and keeps it.
  const wrapup = { startedAt: 0, limitSec: null, remainingSec: null, overrun: false };
  const part = { agent: 'agent01', phase: 'after_call' as const, endedAt: 0, wrapup, disposition: null, can: call().can };
  expect(tell({ lead, part })?.part).toEqual(part);
  expect(tell({ lead })?.part).toEqual(part);
});

test('of the own calls that a colleague has, those whose own part is closed are bounded too, and no form is dropped', () => {
  const cache = new QueryClient();
  cache.setQueryData(KEYS.me, { agents: ['agent01'] });
  const wrapup = { startedAt: 0, limitSec: null, remainingSec: null, overrun: false };
  const tell = (ucid: string, phase: Call['phase'], own: 'after_call' | 'closed') => {
    const part = { agent: 'agent01', phase: own, endedAt: 0, wrapup, disposition: null, can: call().can };
    apply(cache, { kind: 'call.changed', id: ucid, data: call({ ucid, agent: 'agent02', phase, part }) });
  };
  tell('form', 'closed', 'after_call');
  for (let n = 0; n < 30; n += 1) tell(`${n}`, 'active', 'closed');
  const kept = [...(cache.getQueryData<Calls>(KEYS.calls)?.keys() ?? [])];
  expect(kept).toHaveLength(21);
  expect([kept[0], kept[1], kept[20]]).toEqual(['form', '10', '29']);
});

describe('a call that was handed on, on the page of one who looks after the other agent as well', () => {
  const wrapup = { startedAt: 0, limitSec: null, remainingSec: null, overrun: false };
  const refused = { ...call().can, hold: 'not_your_call' as const };
  const part = { agent: 'agent01', phase: 'after_call' as const, endedAt: 0, wrapup, disposition: null, can: refused };
  const whole = (change: Partial<Call> = {}) => call({ ucid: '1', version: 3, agent: 'agent02', notes: 'Theirs', ...change });
  const masked = (change: Partial<Call> = {}) => whole({ number: null, notes: '', can: refused, ...change });
  /** The page of an agent, and what it knows of the call once it was told of. */
  function page(agents: string[]) {
    const cache = new QueryClient();
    cache.setQueryData(KEYS.me, { agents });
    return (data: Call) => {
      apply(cache, { kind: 'call.changed', id: '1', data });
      return cache.getQueryData<Calls>(KEYS.calls)?.get('1');
    };
  }
  test('stays the own one of the colleague, in whichever order it is told', () => {
    const inOrder = page(['agent02']);
    inOrder(whole());
    expect(inOrder(masked({ part }))).toEqual(whole());
    const other = page(['agent02']);
    other(masked({ part }));
    expect(other(whole())).toEqual(whole());
    expect(other(masked({ part, version: 4 }))).toEqual(whole());
  });
  test('keeps the own part of who handed it on', () => {
    const tell = page(['Agent01']);
    const own = whole({ notes: 'Own', can: refused, part });
    tell(masked());
    expect(tell(own)).toEqual(own);
    const after = tell(masked({ version: 4, held: true, lead: { id: 'l', name: 'Asha' } }));
    expect(after).toMatchObject({ version: 4, held: true, lead: { name: 'Asha' }, part, number: '9000000001', notes: 'Own' });
    expect(after && callOf(after, 'agent01')?.phase).toBe('after_call');
  });
  test('has the own part as it is now, which is told after the rest', () => {
    const tell = page(['agent01']);
    tell(whole({ part }));
    const lead = { id: 'l', name: 'Asha' };
    const over = { ...part, phase: 'closed' as const };
    tell(masked({ version: 4, lead }));
    expect(tell(whole({ version: 4, part: over }))).toMatchObject({ part: over, lead });
    expect(tell(masked({ version: 4 }))).toMatchObject({ part: over, lead });
    expect(tell(whole({ version: 3, part }))?.part).toEqual(over);
  });
  test('has no part once it came back', () => {
    const tell = page(['agent01']);
    tell(whole({ part }));
    expect(tell(whole({ version: 4, agent: 'agent01' }))?.part).toBeNull();
  });
  test('has no part to one who only looks after them', () => {
    const tell = page([]);
    tell(masked());
    expect(tell(masked({ version: 4, part }))).toEqual(masked({ version: 4 }));
  });
});

test('of closed calls only the last are kept, and what goes on is', () => {
  const cache = new QueryClient();
  cache.setQueryData(KEYS.me, { agents: ['agent01'] });
  const tell = (ucid: string, change: Partial<Call>) => apply(cache, { kind: 'call.changed', id: '1', data: call({ ucid, ...change }) });
  tell('up', { phase: 'active' });
  tell('owed', { phase: 'after_call' });
  for (let n = 0; n < 30; n += 1) tell(`mine${n}`, { phase: 'closed' });
  for (let n = 0; n < 300; n += 1) tell(`other${n}`, { phase: 'closed', agent: 'agent02' });
  const kept = [...cache.getQueryData<Calls>(KEYS.calls)?.keys() ?? []];
  expect([kept.length, kept[0], kept[1], kept[2], kept[21], kept[22], kept[41]]).toEqual([42, 'up', 'owed', 'mine10', 'mine29', 'other280', 'other299']);
});

describe('a call that became part of another', () => {
  test('is taken off, and the other one stays', () => {
    const cache = new QueryClient();
    const calls = () => [...cache.getQueryData<Calls>(KEYS.calls)?.keys() ?? []];
    const tell = (kind: string, data: unknown) => apply(cache, { kind, id: '1', data });
    tell('call.changed', call({ ucid: '1', phase: 'ringing', direction: 'inbound' }));
    tell('call.changed', call({ ucid: '2', ids: ['1', '2'] }));
    cache.setQueryData(KEYS.owed, {});
    tell('call.merged', { ucid: '1', into: '2' });
    expect([calls(), cache.getQueryState(KEYS.owed)?.isInvalidated]).toEqual([['2'], true]);
    tell('call.merged', { ucid: '1', into: '2' });
    expect(calls()).toEqual(['2']);
  });
  test('is asked for on the stream', () => {
    const { stream, last, told } = made();
    stream.start();
    last().send('call.merged', { ucid: '1', into: '2' }, '7');
    expect(told.map(({ kind }) => kind)).toEqual(['call.merged']);
  });
  test('takes its notes along', () => {
    fillNotes(call({ ucid: '11' }), 'Wants Tuesday');
    expect(notesOf(call({ ucid: '12', ids: ['11', '12'] }))).toBe('Wants Tuesday');
    fillNotes(call({ ucid: '21' }), 'Wants Tuesday');
    expect(notesOf(call({ ucid: '22', ids: ['21', '22'], notes: 'Has a card' }))).toBe('Has a card\nWants Tuesday');
    expect(notesOf(call({ ucid: '32', ids: ['31', '32'] }))).toBe('');
  });
});

describe('notes', () => {
  test('of one agent are never in the form of another one’s part, and are there still', () => {
    const own = call({ ucid: '41', ids: ['40', '41'], agent: 'agent02', notes: '' });
    fillNotes(call({ ucid: '40', agent: 'agent02' }), 'Before');
    const given = { ...own, agent: 'agent01' };
    expect([notesOf(given), notesOf(own), notesOf(given)]).toEqual(['', 'Before', '']);
    fillNotes(given, 'Of the part');
    expect([notesOf(own), notesOf({ ...given, agent: 'Agent01' })]).toEqual(['Before', 'Of the part']);
  });
  test('go with a disposition where there are any', () => {
    const known = call({ ucid: '51', notes: 'Known' });
    expect([notesToSend(known, notesOf(known)), notesToSend(known, 'Typed')]).toEqual([{}, { notes: 'Typed' }]);
    expect(notesToSend(call({ ucid: '52' }), '')).toEqual({});
  });
});

class Fake implements Source {
  onerror: ((event: Event) => void) | null = null;
  closed = false;
  listeners = new Map<string, (event: MessageEvent<string>) => void>();
  constructor(readonly url: string) {}
  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void) { this.listeners.set(kind, listener); }
  close() { this.closed = true; }
  send(kind: string, data: unknown, lastEventId = '') { this.listeners.get(kind)?.({ data: JSON.stringify(data), lastEventId } as MessageEvent<string>); }
}

function made() {
  const sources: Fake[] = [];
  const timers: { ms: number; run: () => void; on: boolean }[] = [];
  const told: StreamMessage[] = [];
  const suspected = { count: 0 };
  const desk: { status: number | null; asked: string[] } = { status: null, asked: [] };
  const stream = new Stream((message) => told.push(message), {
    open: (url) => { const source = new Fake(url); sources.push(source); return source; },
    status: (url) => { desk.asked.push(url); return Promise.resolve(desk.status); },
    after: (ms, run) => { const timer = { ms, run, on: true }; timers.push(timer); return () => { timer.on = false; }; },
  }, () => { suspected.count += 1; });
  const fire = (test: (ms: number) => boolean) => { const timer = timers.findLast(({ ms, on }) => on && test(ms)); if (timer) { timer.on = false; timer.run(); } };
  const last = () => sources[sources.length - 1] as Fake;
  return { stream, sources, told, fire, last, suspected, desk };
}

describe('the stream', () => {
  test('tells a part that comes later what only that part knows, on this connection and on the next', () => {
    const { stream, fire, last, told } = made();
    stream.start();
    last().send('snapshot', { calls: [] }, '41');
    last().send('transcript', { callId: '1' });
    const heard: StreamMessage[] = [];
    const stop = stream.listen(['transcript'], (message) => heard.push(message));
    last().send('transcript', { callId: '1' }, '41');
    last().send('call.changed', { ucid: '1' }, '42');
    last().onerror?.({} as Event);
    fire((ms) => ms < 2_000);
    last().send('transcript', { callId: '2' });
    expect(heard.map(({ kind }) => kind)).toEqual(['transcript', 'call.changed', 'transcript']);
    expect(told.map(({ kind }) => kind)).toEqual(['snapshot', 'transcript', 'call.changed', 'transcript']);
    expect(last().url).toBe('/api/events?after=42');
    stop();
    last().send('transcript', { callId: '2' });
    expect(heard.length).toBe(3);
  });

  test('is live once something came, and resumes after the last id', () => {
    const { stream, fire, last, told } = made();
    stream.start();
    expect([stream.standing, last().url]).toEqual(['connecting', '/api/events']);
    last().send('snapshot', { calls: [] }, '41');
    last().send('call.changed', { ucid: '1' }, '42');
    expect([stream.standing, told.map(({ kind }) => kind)]).toEqual(['live', ['snapshot', 'call.changed']]);
    last().onerror?.({} as Event);
    expect(stream.standing).toBe('stale');
    expect(stream.staleSince).not.toBeNull();
    fire((ms) => ms < 2_000);
    expect(last().url).toBe('/api/events?after=42');
  });

  test('resumed, it is live as soon as it is open; a new one not before its snapshot', () => {
    const { stream, fire, last } = made();
    stream.start();
    last().send('open', null);
    expect(stream.standing).toBe('connecting');
    last().send('snapshot', {}, '41');
    last().onerror?.({} as Event);
    fire((ms) => ms < 2_000);
    last().send('open', null);
    expect([stream.standing, stream.staleSince]).toEqual(['live', null]);
  });

  test('offline, it is stale at once and tries again', () => {
    const { stream, sources, fire, last } = made();
    stream.start();
    last().send('snapshot', {}, '41');
    stream.lost();
    expect([stream.standing, sources[0]?.closed]).toEqual(['stale', true]);
    fire((ms) => ms < 2_000);
    expect(last().url).toBe('/api/events?after=41');
  });

  test('a connection without a tick is dead', () => {
    const { stream, fire, sources, last } = made();
    stream.start();
    last().send('tick', {});
    expect(stream.standing).toBe('live');
    fire((ms) => ms === 40_000);
    expect([stream.standing, sources[0]?.closed]).toEqual(['stale', true]);
  });

  test('each failure of the current connection is a reason to ask who is signed in; going away and silence are none', () => {
    const { stream, sources, fire, last, suspected } = made();
    stream.start();
    last().send('snapshot', {}, '1');
    last().send('going-away', {});
    fire((ms) => ms < 2_000);
    fire((ms) => ms === 40_000);
    expect(suspected.count).toBe(0);
    fire((ms) => ms < 2_000);
    last().onerror?.({} as Event);
    sources[0]?.onerror?.({} as Event);
    expect(suspected.count).toBe(1);
  });

  test('a desk of the version before, which refuses the name in the address, is asked without it', async () => {
    const { stream, sources, fire, last, suspected, desk } = made();
    askAs('u1');
    try {
      stream.start();
      last().send('snapshot', {}, '41');
      desk.status = 400;
      // One failure is none of its making.
      last().onerror?.({} as Event);
      expect(desk.asked).toEqual([]);
      fire((ms) => ms < 2_000);
      last().onerror?.({} as Event);
      await Promise.resolve();
      await Promise.resolve();
      expect([desk.asked, sources.map(({ url }) => url).at(-1), suspected.count]).toEqual([['/api/events?desk-user=u1&after=41'], '/api/events?after=41', 2]);
      last().send('open', null);
      // It did not look whose page it is: that is asked.
      expect([stream.standing, suspected.count]).toEqual(['live', 3]);
      // The next connection may be at a desk that knows the name.
      last().onerror?.({} as Event);
      fire((ms) => ms < 15_000);
      expect([last().url, desk.asked.length]).toEqual(['/api/events?desk-user=u1&after=41', 1]);
    } finally { askAs(''); }
  });

  test.each([null, 200, 401, 503])('one that answers %s is asked again as it was', async (status) => {
    const { stream, sources, fire, last, desk } = made();
    stream.start();
    desk.status = status;
    for (let n = 0; n < 3; n += 1) {
      last().onerror?.({} as Event);
      await Promise.resolve();
      await Promise.resolve();
      fire((ms) => ms < 15_000);
    }
    expect([sources.length, desk.asked.length]).toEqual([4, 2]);
    stream.stop();
    desk.status = 400;
    sources[3]?.onerror?.({} as Event);
    await Promise.resolve();
    expect(sources.length).toBe(4);
  });

  test('going away is said, and it comes back', () => {
    const { stream, fire, last } = made();
    stream.start();
    last().send('snapshot', {}, '1');
    last().send('going-away', {});
    expect(stream.standing).toBe('away');
    fire((ms) => ms < 2_000);
    last().send('snapshot', {}, '2');
    expect([stream.standing, stream.staleSince]).toEqual(['live', null]);
  });

  test('what an old connection still says is not heard', () => {
    const { stream, sources, last, fire, told } = made();
    stream.start();
    last().onerror?.({} as Event);
    fire((ms) => ms < 2_000);
    sources[0]?.send('call.changed', {}, '9');
    expect(told).toEqual([]);
  });

  test('a second start opens nothing', () => {
    const { stream, sources } = made();
    stream.start();
    stream.start();
    expect(sources.length).toBe(1);
  });
});
