import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Sip, type SipListener } from '../../src/phone/jssip';

type Told = (event?: unknown) => void;
const ua = vi.hoisted(() => ({ on: new Map<string, (event?: unknown) => void>(), registers: 0, registered: false, connected: true }));
vi.mock('jssip', () => ({ default: {
  WebSocketInterface: class {},
  UA: class {
    on(name: string, told: Told) { ua.on.set(name, told); }
    start() {}
    stop() {}
    unregister() {}
    register() { ua.registers += 1; }
    isConnected() { return ua.connected; }
    isRegistered() { return ua.registered; }
  },
} }));

const told: string[] = [];
const say = (name: string, event?: unknown) => ua.on.get(name)?.(event ?? {});
function sip() {
  const listener = Object.fromEntries(['connecting', 'registered', 'unregistered', 'refused', 'invited', 'up', 'ended', 'track'].map((name) => [name, () => { told.push(name); }])) as unknown as SipListener;
  return new Sip({ url: 'wss://x', uri: 'sip:1@x', password: '', iceServers: [], instanceId: 'i' }, listener);
}

beforeEach(() => {
  vi.useFakeTimers();
  told.length = 0;
  Object.assign(ua, { registers: 0, registered: false, connected: true });
});
afterEach(() => { vi.useRealTimers(); });

test('a registration that failed is asked for again, later each time, until it is there', () => {
  sip();
  for (const [wait, registers] of [[5_000, 1], [10_000, 2], [20_000, 3], [40_000, 4], [60_000, 5], [60_000, 6]] as const) {
    say('registrationFailed', { cause: 'Request Timeout', response: null });
    vi.advanceTimersByTime(wait - 1);
    expect([wait, ua.registers]).toEqual([wait, registers - 1]);
    vi.advanceTimersByTime(1);
    expect([wait, ua.registers]).toEqual([wait, registers]);
  }
  ua.registered = true;
  say('registered');
  vi.advanceTimersByTime(120_000);
  expect(ua.registers).toBe(6);
  ua.registered = false;
  say('registrationFailed', { cause: 'SIP Failure Code', response: { status_code: 503 } });
  vi.advanceTimersByTime(5_000);
  expect(ua.registers).toBe(7);
});

test('one that was refused for who asks is not repeated by itself, nor one without a socket, nor after the end', () => {
  const phone = sip();
  for (const status of [401, 403, 407]) {
    say('registrationFailed', { cause: 'Authentication Error', response: { status_code: status } });
    vi.advanceTimersByTime(600_000);
    expect([status, ua.registers]).toEqual([status, 0]);
  }
  phone.register();
  expect(ua.registers).toBe(1);
  ua.connected = false;
  say('registrationFailed', { cause: 'Connection Error', response: null });
  vi.advanceTimersByTime(600_000);
  expect(ua.registers).toBe(1);
  ua.connected = true;
  for (const end of [() => phone.stop(), () => phone.leave()]) {
    say('registrationFailed', { cause: 'Request Timeout', response: null });
    end();
    vi.advanceTimersByTime(600_000);
    expect(ua.registers).toBe(1);
  }
});

test('a registration that is lost because it was refused is told of as refused alone', async () => {
  sip();
  say('registrationFailed', { cause: 'Rejected', response: { status_code: 603 } });
  say('unregistered', { cause: 'Rejected' });
  expect(told).toEqual(['refused']);
  await Promise.resolve();
  say('unregistered');
  expect(told).toEqual(['refused', 'unregistered']);
});
