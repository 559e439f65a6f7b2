import { beforeEach, describe, expect, test } from 'vitest';
import { HIGH_WATER, MOST, Sender, type Socket } from '../../src/features/assist/sender';
import { SAMPLES, type Channel } from '../../src/features/assist/frames';

class Line implements Socket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  bufferedAmount = 0;
  sent: (string | Uint8Array)[] = [];
  closed: number | null = null;
  send(data: string | Uint8Array) { this.sent.push(data); }
  close(code = 1005) { this.closed = code; }
  says(state: string) { this.onmessage?.({ data: JSON.stringify({ type: 'state', state }) }); }
  breaks(code = 1006) { this.onclose?.({ code }); }
  /** What was sent: `c0` is the customer's frame number 0, a gap is what it says. */
  get told() {
    return this.sent.map((data) => {
      if (typeof data === 'string') { const { type, channel, fromSequence, frames } = JSON.parse(data) as Record<string, unknown>; return `${String(type)} ${String(channel)} ${String(fromSequence)}+${String(frames)}`; }
      return `${data[1] === 0 ? 'c' : 'a'}${new DataView(data.buffer).getUint32(4, true)}`;
    });
  }
}

let lines: Line[];
let waits: { ms: number; run: () => void; off: boolean }[];
let sender: Sender;
let at: number;
const line = () => lines.at(-1) as Line;
const frame = (channel: Channel = 'customer') => { sender.frame(channel, { at: at += 100, pcm: new Int16Array(SAMPLES) }); };
const frames = (count: number, channel: Channel = 'customer') => { for (let n = 0; n < count; n += 1) frame(channel); };

beforeEach(() => {
  lines = [];
  waits = [];
  at = 0;
  sender = new Sender('wss://desk.example.test/api/calls/1/audio', () => {}, {
    open: () => { const made = new Line(); lines.push(made); return made; },
    after: (ms, run) => { const wait = { ms, run, off: false }; waits.push(wait); return () => { wait.off = true; }; },
  });
});

describe('the audio socket', () => {
  test('says nothing before the desk says that it listens, and counts from there', () => {
    expect(sender.listens).toBe(false);
    frames(3);
    line().says('on');
    expect([sender.listens, line().sent]).toEqual([true, []]);
    frame('customer'); frame('agent'); frame('customer');
    expect(line().told).toEqual(['c0', 'a0', 'c1']);
  });

  test.each(['paused', 'held', 'refused', 'ended', 'unavailable', 'something new'])('sends not one frame while the desk says "%s"', (state) => {
    line().says('on');
    frame();
    line().says(state);
    expect(sender.listens).toBe(false);
    frames(20); frames(20, 'agent');
    expect(line().told).toEqual(['c0']);
    line().says('on');
    frame();
    expect(line().told).toEqual(['c0', 'c1']);
  });

  test.each([['text'], ['null'], ['{"type":"state"}'], ['{"type":"other","state":"on"}'], [new ArrayBuffer(4)]])('%s is no word of the desk', (data) => {
    line().onmessage?.({ data });
    frame();
    expect([sender.listens, line().sent]).toEqual([false, []]);
  });

  test('what the page knows of a pause counts before the desk says it', () => {
    line().says('on');
    sender.allow(false);
    expect(sender.listens).toBe(false);
    frames(4);
    line().says('on');
    expect(line().sent).toEqual([]);
    sender.allow(true);
    frame();
    expect(line().told).toEqual(['c0']);
  });

  test('a slow line: five seconds wait, the oldest is dropped, and the gap is told where it is', () => {
    line().says('on');
    frames(2);
    line().bufferedAmount = HIGH_WATER + 1;
    frames(MOST + 7);
    frames(3, 'agent');
    expect(line().told).toEqual(['c0', 'c1']);
    line().bufferedAmount = 0;
    frame('agent');
    const told = line().told.slice(2);
    expect(told.filter((one) => one.startsWith('gap'))).toEqual(['gap customer 2+7']);
    expect(told[0]).toBe('gap customer 2+7');
    expect(told.filter((one) => one.startsWith('c'))).toEqual(Array.from({ length: MOST }, (_, n) => `c${n + 9}`));
    expect(told.filter((one) => one.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3']);
  });

  test('a line that stays slow never holds more than five seconds, and one gap tells of all that is lost', () => {
    line().says('on');
    line().bufferedAmount = HIGH_WATER + 1;
    frames(500);
    line().bufferedAmount = 0;
    frame();
    expect(line().told[0]).toBe('gap customer 0+450');
    expect(line().told.slice(1)).toEqual(Array.from({ length: MOST + 1 }, (_, n) => `c${n + 450}`));
  });

  test('a gap of hours is told as one of an hour', () => {
    line().says('on');
    line().breaks();
    frames(40_000);
    waits[0]?.run();
    line().says('on');
    frame();
    expect(line().told).toEqual(['gap customer 0+36000', 'c40000']);
  });

  test('at the mark it is not yet slow', () => {
    line().says('on');
    line().bufferedAmount = HIGH_WATER;
    frame();
    expect(line().told).toEqual(['c0']);
  });

  test('what waited when a pause began is lost, and told once it is over', () => {
    line().says('on');
    line().bufferedAmount = HIGH_WATER + 1;
    frames(3);
    line().says('paused');
    line().bufferedAmount = 0;
    frame();
    expect(line().sent).toEqual([]);
    line().says('on');
    frame();
    expect(line().told).toEqual(['gap customer 0+3', 'c3']);
  });

  test('a broken line is opened again, later each time; what was said meanwhile is a gap', () => {
    line().says('on');
    frame();
    line().breaks();
    expect([sender.listens, lines.length]).toEqual([true, 1]);
    expect(waits[0]?.ms).toBeGreaterThanOrEqual(375);
    expect(waits[0]?.ms).toBeLessThanOrEqual(625);
    frames(4); frame('agent');
    waits[0]?.run();
    frames(2);
    expect(line().sent).toEqual([]);
    line().says('on');
    frame(); frame('agent');
    // Each socket counts from 0.
    expect(line().told).toEqual(['gap customer 0+6', 'c6', 'gap agent 0+1', 'a1']);
    for (let n = 1; n < 9; n += 1) { line().breaks(); waits[n]?.run(); }
    expect(Math.max(...waits.map(({ ms }) => ms))).toBeLessThanOrEqual(12_500);
    expect(waits[6]?.ms).toBeGreaterThan(4_000);
  });

  test('what waited when the line broke is lost as well', () => {
    line().says('on');
    frames(5);
    line().bufferedAmount = HIGH_WATER + 1;
    frames(MOST + 3);
    line().breaks();
    waits[0]?.run();
    line().says('on');
    frame();
    expect(line().told).toEqual([`gap customer 0+${MOST + 3}`, `c${MOST + 3}`]);
  });

  test('a line that breaks in a pause keeps still until the desk speaks', () => {
    line().says('on');
    line().says('paused');
    line().breaks();
    waits[0]?.run();
    frames(3);
    line().says('paused');
    frames(3);
    expect([sender.listens, line().sent]).toEqual([false, []]);
  });

  test('an old line is not listened to', () => {
    const old = line();
    old.breaks();
    waits[0]?.run();
    old.says('on');
    old.breaks();
    expect([sender.listens, lines.length, waits.length]).toEqual([false, 2, 1]);
  });

  test('a session that ended may be followed by another of the same user: it is opened again by and by, at once where somebody is back, and the gap is told', () => {
    line().says('on');
    frame();
    line().breaks(4003);
    expect([lines.length, waits.length, sender.isHeard, (waits.at(-1)?.ms ?? 0) >= 7_500]).toEqual([1, 1, false, true]);
    frames(3);
    waits.at(-1)?.run();
    // Nobody is signed in.
    line().breaks();
    const waiting = waits.at(-1);
    sender.hurry();
    sender.hurry();
    expect([lines.length, waiting?.off]).toEqual([3, true]);
    line().says('on');
    frame();
    expect([sender.isHeard, line().told]).toEqual([true, ['gap customer 0+3', 'c3']]);
  });

  test.each([1000, 1008, 4001, 4400])('after %i it stays closed and listens no more', (code) => {
    line().says('on');
    line().breaks(code);
    frames(3);
    sender.hurry();
    expect([sender.listens, waits.length, lines.length]).toEqual([false, 0, 1]);
  });

  test('stopped, it closes, waits for nothing and listens no more', () => {
    line().says('on');
    sender.stop();
    expect([line().closed, sender.listens]).toEqual([1000, false]);
    line().breaks();
    line().says('on');
    expect([sender.listens, waits.length]).toEqual([false, 0]);
  });

  test('stopped while it waits to open again, it does not', () => {
    line().breaks();
    sender.stop();
    expect(waits[0]?.off).toBe(true);
    waits[0]?.run();
    expect(lines.length).toBe(1);
  });
});
