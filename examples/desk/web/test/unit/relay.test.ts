import { beforeEach, describe, expect, test } from 'vitest';
import { Relay, type Socket } from '../../src/phone/relay';

class Line implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: string[] = [];
  closed: number | null = null;
  constructor(readonly url: string, readonly protocol: string | null) {}
  send(text: string) { this.sent.push(text); }
  close(code = 1005) { this.closed = code; }
  says(frame: unknown) { this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) }); }
  get frames() { return this.sent.map((text) => JSON.parse(text) as unknown); }
}

let lines: Line[];
let waits: { ms: number; run: () => void }[];
let relay: Relay;
const line = (at: number) => lines[at] as Line;
const open = { type: 'open', connection: 1, url: 'wss://service.example.test/mdl', protocol: 'org.jwebsocket.json' };

beforeEach(() => {
  lines = [];
  waits = [];
  relay = new Relay('wss://desk.example.test/api/phone/relay', {
    open: (url, protocol) => { const made = new Line(url, protocol); lines.push(made); return made; },
    after: (ms, run) => { waits.push({ ms, run }); return () => {}; },
  });
  relay.start();
});

describe('the relay', () => {
  test('opens the agent socket only when the desk says so, and carries texts unread both ways', () => {
    expect(lines.map(({ url }) => url)).toEqual(['wss://desk.example.test/api/phone/relay']);
    line(0).says(open);
    expect([line(1).url, line(1).protocol]).toEqual([open.url, open.protocol]);
    line(1).onopen?.();
    line(0).says({ type: 'send', connection: 1, text: '{"type":"ping"' });
    line(1).says('not JSON at all');
    expect(line(1).sent).toEqual(['{"type":"ping"']);
    expect(line(0).frames).toEqual([{ type: 'opened', connection: 1 }, { type: 'received', connection: 1, text: 'not JSON at all' }]);
  });

  test('a new connection closes the old one, of which nothing more is said or sent', () => {
    line(0).says(open);
    line(0).says({ ...open, connection: 2 });
    expect(line(1).closed).toBe(1000);
    line(1).says('late');
    line(1).onclose?.({ code: 1000 });
    line(0).says({ type: 'send', connection: 1, text: 'old' });
    expect([line(0).sent, line(1).sent, line(2).sent]).toEqual([[], [], []]);
  });

  test('the end of the agent socket is said once, and opening it again is left to the desk', () => {
    line(0).says(open);
    line(1).onclose?.({ code: 1006 });
    line(1).onclose?.({ code: 1006 });
    expect(line(0).frames).toEqual([{ type: 'closed', connection: 1, code: 1006 }]);
    expect([lines.length, waits.length]).toEqual([2, 0]);
  });

  test('a relay that breaks takes the agent socket with it and is opened again, later each time', () => {
    line(0).says(open);
    line(0).onclose?.({ code: 1006 });
    expect(line(1).closed).toBe(1000);
    expect(waits[0]?.ms).toBeGreaterThanOrEqual(1_500);
    expect(waits[0]?.ms).toBeLessThanOrEqual(2_500);
    waits[0]?.run();
    line(2).onclose?.({ code: 1011 });
    expect(waits[1]?.ms).toBeGreaterThanOrEqual(3_000);
    for (let at = 3; at < 12; at += 1) { waits[at - 2]?.run(); line(at).onclose?.({ code: 1001 }); }
    expect(Math.max(...waits.map(({ ms }) => ms))).toBeLessThanOrEqual(37_500);
  });

  test.each([1008, 4001])('after %i it stays closed', (code) => {
    line(0).onclose?.({ code });
    expect(waits).toEqual([]);
    relay.start();
    expect(lines.length).toBe(2);
  });

  test('once the session has ended it is opened again seldom, until somebody has signed in', () => {
    line(0).onclose?.({ code: 4003 });
    // Nobody has: the desk refuses it.
    waits[0]?.run();
    line(1).onclose?.({ code: 1006 });
    waits[1]?.run();
    line(2).onopen?.();
    expect(waits.map(({ ms }) => ms >= 22_500 && ms <= 37_500)).toEqual([true, true]);
    line(2).onclose?.({ code: 1011 });
    expect(waits[2]?.ms).toBeLessThanOrEqual(2_500);
  });

  test('nor is it waited for once somebody has, and what is open or stopped stays as it is', () => {
    relay.hurry();
    expect(lines).toHaveLength(1);
    line(0).onclose?.({ code: 4003 });
    relay.hurry();
    relay.hurry();
    expect(lines).toHaveLength(2);
    line(1).onclose?.({ code: 1006 });
    expect(waits.at(-1)?.ms).toBeLessThanOrEqual(2_500);
    relay.stop();
    relay.hurry();
    expect(lines).toHaveLength(2);
  });

  test('stopped, it closes both and opens nothing', () => {
    line(0).says(open);
    relay.stop();
    expect([line(0).closed, line(1).closed]).toEqual([1000, 1000]);
    line(0).onclose?.({ code: 1000 });
    line(0).says(open);
    expect([lines.length, waits.length]).toEqual([2, 0]);
  });

  test.each([['no JSON'], ['null'], ['{"type":"open","connection":1}'], ['{"type":"send","connection":"1","text":"x"}'], ['{"type":"new","connection":1}']])('ignores %s', (text) => {
    line(0).says(open);
    line(0).says(text);
    expect([lines.length, line(1).sent, line(1).closed]).toEqual([2, [], null]);
  });
});
