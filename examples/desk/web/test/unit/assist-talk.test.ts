import { describe, expect, test } from 'vitest';
import { Problem } from '../../src/api/problem';
import { Talks } from '../../src/features/assist/store';
import { dismissed, found, joined, pieces, said, suggested, type Entry, type Suggestion } from '../../src/features/assist/transcript';
import { call } from './calls';

const entry = (id: string, startMs: number, text: string, change: Partial<Entry> = {}): Entry => ({ id, kind: 'speech', speaker: 'customer', startMs, endMs: startMs + 900, text, final: true, ...change });
const suggestion = (id: string, text: string, change: Partial<Suggestion> = {}): Suggestion => ({ id, text, at: `2026-11-26T10:00:0${id}Z`, done: true, dismissed: false, ...change });
const texts = (entries: readonly Entry[]) => entries.map(({ text }) => text);

/** Every order of a few things. */
function orders<T>(things: readonly T[]): T[][] {
  return things.length < 2 ? [[...things]] : things.flatMap((first, n) => orders(things.filter((_, k) => k !== n)).map((rest) => [first, ...rest]));
}

describe('what was said', () => {
  test('is in the order in which it was said, whatever the order in which it comes, and however often', () => {
    const all = [entry('a', 0, 'one'), entry('b', 1_000, 'two', { speaker: 'agent' }), entry('g', 2_000, '', { kind: 'gap' }), entry('c', 5_000, 'three')];
    for (const order of orders(all)) expect([...order, ...order].reduce(said, [] as readonly Entry[])).toEqual(all);
  });

  test('an unfinished sentence is replaced as it grows, and a finished one is not undone', () => {
    const parts = [entry('a', 0, 'I wo', { final: false }), entry('a', 0, 'I would', { final: false }), entry('a', 0, 'I would like'), entry('a', 0, 'I w', { final: false })];
    expect(parts.map((_, n) => texts(parts.slice(0, n + 1).reduce(said, [] as readonly Entry[])))).toEqual([['I wo'], ['I would'], ['I would like'], ['I would like']]);
  });

  test('a finished sentence may come again, with other words or with none, and a gap grows', () => {
    const gap = entry('g', 500, '', { kind: 'gap' });
    let all = [entry('a', 0, 'It is •••• ••••'), gap, entry('b', 1_000, 'and so on')].reduce(said, [] as readonly Entry[]);
    all = said(all, entry('a', 0, 'It is 1234 5678'));
    all = said(all, { ...gap, endMs: 9_000 });
    expect(texts(all)).toEqual(['It is 1234 5678', '', 'and so on']);
    expect(all[1]?.endMs).toBe(9_000);
    all = said(all, entry('b', 1_000, ''));
    expect(texts(all)).toEqual(['It is 1234 5678', '']);
    expect(said(all, entry('c', 2_000, ''))).toEqual(all);
  });

  test('two at once stay in the order in which they came', () => {
    expect(texts([entry('a', 10, 'first'), entry('b', 10, 'second', { speaker: 'agent' })].reduce(said, [] as readonly Entry[]))).toEqual(['first', 'second']);
  });

  test('is found whatever the case and the spaces, and shown as it is written', () => {
    expect(pieces('The price List, the PRICE', ' price ')).toEqual(['The ', 'price', ' List, the ', 'PRICE', '']);
    expect(pieces('Price  list', 'price list')).toEqual(['', 'Price  list', '']);
    expect(pieces('क्या दाम है', 'दाम')).toEqual(['क्या ', 'दाम', ' है']);
    expect(pieces('anything', '')).toEqual(['anything']);
    for (const text of ['a.b', '(', '[x', '\\', '$&', '*']) expect(pieces(`<${text}>`, text)).toEqual(['<', text, '>']);
    expect(pieces('axb', 'a.b')).toEqual(['axb']);
  });

  test('gaps that follow each other are shown as one, from the first beginning to the last end', () => {
    const gap = (id: string, startMs: number, endMs: number) => entry(id, startMs, '', { kind: 'gap', endMs });
    const all = [gap('a', 0, 900), gap('b', 100, 500), entry('c', 1_000, 'one'), gap('d', 2_000, 2_500), gap('e', 2_400, 4_000)];
    expect(joined(all)).toEqual([gap('a', 0, 900), entry('c', 1_000, 'one'), gap('d', 2_000, 4_000)]);
    expect(joined([])).toEqual([]);
  });

  test('only sentences are found', () => {
    const all = [entry('a', 0, 'the price'), entry('g', 1, 'price', { kind: 'gap' }), entry('b', 2, 'the time')];
    expect(found(all, 'price')).toEqual([all[0]]);
    expect(found(all, '  ')).toBe(all);
  });
});

describe('suggestions', () => {
  test('grow, are not shortened once whole, and stay away once dismissed', () => {
    let all: readonly Suggestion[] = [];
    all = suggested(all, { id: '1', text: 'Off', at: '2026-11-26T10:00:01Z', done: false });
    all = suggested(all, { id: '1', text: 'Offer the list', at: '2026-11-26T10:00:01Z', done: true });
    all = suggested(all, { id: '1', text: 'Offer', at: '2026-11-26T10:00:01Z', done: false });
    expect(all).toEqual([suggestion('1', 'Offer the list')]);
    all = suggested(dismissed(all, '1', true), suggestion('1', 'Offer the list'));
    expect(all).toEqual([suggestion('1', 'Offer the list', { dismissed: true })]);
    expect(suggested([], suggestion('1', 'x', { dismissed: true }))).toEqual([suggestion('1', 'x', { dismissed: true })]);
  });

  test('that come to nothing are gone', () => {
    const begun = suggested([], { id: '1', text: 'Off', at: '2026-11-26T10:00:01Z', done: false });
    expect(suggested(begun, { id: '1', text: '', at: '2026-11-26T10:00:01Z', done: true })).toEqual([]);
    expect(suggested([], { id: '1', text: '', at: '2026-11-26T10:00:01Z', done: true })).toEqual([]);
  });

  test('are in the order of their times', () => {
    expect([suggestion('3', 'c'), suggestion('1', 'a'), suggestion('2', 'b')].reduce(suggested, [] as readonly Suggestion[]).map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });
});

type Asks = ConstructorParameters<typeof Talks>[0];
const nothing = () => Promise.reject(new Problem({ status: 404, message: '', mayHaveHappened: false }));
const asks = (change: Partial<NonNullable<Asks>> = {}): NonNullable<Asks> => ({ transcript: nothing, suggestions: nothing, dismiss: () => Promise.resolve(null), ...change });
const heard = (talks: Talks, kind: string, data: unknown) => talks.heard({ kind, id: '', data });

describe('what is known of the calls', () => {
  test('what comes while the beginning is read is kept with it', async () => {
    let give: (answer: { entries: Entry[]; more: boolean }) => void = () => {};
    const talks = new Talks(asks({ transcript: () => new Promise((resolve) => { give = resolve; }) }));
    const read = talks.read('1');
    heard(talks, 'transcript', { callId: '1', entry: entry('b', 1_000, 'grown up') });
    give({ entries: [entry('a', 0, 'begun'), entry('b', 1_000, 'grow', { final: false })], more: false });
    await read;
    expect([talks.of('1').read, texts(talks.of('1').entries)]).toEqual(['yes', ['begun', 'grown up']]);
  });

  test('is read page after page, with no end to a desk that always has more', async () => {
    const asked: (string | null)[] = [];
    const talks = new Talks(asks({ transcript: (_, after) => { asked.push(after); const n = asked.length; return Promise.resolve({ entries: [entry(String(n), n, `page ${n}`)], more: n < 3 }); } }));
    await talks.read('1');
    expect([asked, texts(talks.of('1').entries)]).toEqual([[null, '1', '2'], ['page 1', 'page 2', 'page 3']]);
    let count = 0;
    const endless = new Talks(asks({ transcript: () => Promise.resolve({ entries: [entry(String(count), count += 1, 'x')], more: true }) }));
    await endless.read('1');
    expect(count).toBe(40);
  });

  test('none is not a failure, and a failure is not none', async () => {
    const without = new Talks(asks());
    await without.read('1');
    expect(without.of('1')).toEqual({ entries: [], suggestions: [], standing: null, read: 'yes' });
    const broken = new Talks(asks({ suggestions: () => Promise.reject(new Problem({ status: 503, message: '', mayHaveHappened: false })) }));
    await broken.read('1');
    expect(broken.of('1').read).toBe('failed');
  });

  test('after the stream was away, what was read is read again, and nothing else', async () => {
    const asked: string[] = [];
    const talks = new Talks(asks({ transcript: (ucid) => { asked.push(ucid); return Promise.resolve({ entries: [], more: false }); } }));
    await talks.read('1');
    heard(talks, 'transcript', { callId: '2', entry: entry('a', 0, 'of another call') });
    talks.missed();
    await Promise.resolve();
    expect(asked).toEqual(['1', '1']);
  });

  test('a suggestion is away at once, and back if the desk does not know of it', async () => {
    const refused = new Problem({ status: 500, message: '', mayHaveHappened: true });
    let fail: (problem: Problem) => void = () => {};
    const talks = new Talks(asks({ dismiss: () => new Promise((_, reject) => { fail = reject; }) }));
    heard(talks, 'suggestion', { callId: '1', suggestion: { id: '1', text: 'Offer the list', done: true, at: '2026-11-26T10:00:01Z' } });
    const away = talks.dismiss('1', '1');
    expect(talks.of('1').suggestions.map((one) => one.dismissed)).toEqual([true]);
    fail(refused);
    await expect(away).rejects.toBe(refused);
    expect(talks.of('1').suggestions.map((one) => one.dismissed)).toEqual([false]);
  });

  test('how it stands: the last word counts, of an event or of the record', () => {
    const talks = new Talks(asks());
    heard(talks, 'assist', { callId: '1', state: 'paused', reason: 'recordingPaused' });
    expect(talks.of('1').standing).toEqual({ state: 'paused', reason: 'recordingPaused' });
    heard(talks, 'call.changed', call({ ucid: '1' }));
    expect(talks.of('1').standing).toEqual({ state: 'paused', reason: 'recordingPaused' });
    heard(talks, 'call.changed', { ...call({ ucid: '1' }), assist: { state: 'on', reason: null } });
    expect(talks.of('1').standing).toBeNull();
  });

  test('how it stands: a desk to which the sound does not come knows less than the one to which it does', () => {
    const talks = new Talks(asks());
    heard(talks, 'assist', { callId: '1', state: 'unavailable', reason: 'cap' });
    heard(talks, 'call.changed', { ...call({ ucid: '1' }), assist: { state: 'paused', reason: 'noAudio' } });
    expect(talks.of('1').standing).toEqual({ state: 'unavailable', reason: 'cap' });
    heard(talks, 'call.changed', { ...call({ ucid: '1' }), assist: { state: 'held', reason: 'onHold' } });
    expect(talks.of('1').standing).toBeNull();
  });

  test.each(['refused', 'ended'])('how it stands: %s is over once a record says that only the sound is missing', (state) => {
    const talks = new Talks(asks());
    heard(talks, 'assist', { callId: '1', state, reason: 'noConsent' });
    heard(talks, 'call.changed', { ...call({ ucid: '1' }), assist: { state: 'paused', reason: 'noAudio' } });
    expect(talks.of('1').standing).toBeNull();
  });

  test('that no sound comes counts after events were missed, unless it goes out from here', () => {
    const talks = new Talks(asks());
    const silent = { ...call({ ucid: '1' }), assist: { state: 'paused', reason: 'noAudio' } };
    const on = { callId: '1', state: 'on', reason: null };
    heard(talks, 'assist', on);
    talks.hears('1', true);
    heard(talks, 'snapshot', { calls: [silent] });
    expect(talks.of('1').standing).toEqual({ state: 'on', reason: null });
    talks.hears('1', false);
    heard(talks, 'call.changed', silent);
    expect(talks.of('1').standing).toEqual({ state: 'on', reason: null });
    heard(talks, 'snapshot', { calls: [silent] });
    expect(talks.of('1').standing).toBeNull();
    heard(talks, 'assist', on);
    expect(talks.of('1').standing).toEqual({ state: 'on', reason: null });
  });

  test('only so many calls are kept, the newest', () => {
    const talks = new Talks(asks());
    for (let n = 0; n < 20; n += 1) heard(talks, 'transcript', { callId: String(n), entry: entry('a', 0, 'x') });
    expect(Array.from({ length: 20 }, (_, n) => n).filter((n) => talks.of(String(n)).entries.length > 0)).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
  });
});
