import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SipListener } from '../../src/phone/jssip';
import { Keeper } from '../../src/phone/keeper';
import type { Ownership } from '../../src/phone/owner';
import { Softphone } from '../../src/phone/softphone';

const made = vi.hoisted(() => ({ told: [] as unknown[][], sips: [] as string[], prompts: [] as ((got: object) => void)[], config: null as Promise<object> | null, listeners: [] as SipListener[], relays: [] as string[] }));
vi.mock('../../src/phone/jssip', () => ({ Sip: class { constructor(_: unknown, listener: SipListener) { made.listeners.push(listener); } start() { made.sips.push('start'); } stop() { made.sips.push('stop'); } leave() { made.sips.push('leave'); } } }));
vi.mock('../../src/api/client', () => ({ get: () => made.config, post: (...asked: unknown[]) => { made.told.push(asked); return Promise.resolve({}); }, ofUser: (path: string) => `${path}?desk-user=u1` }));
vi.mock('../../src/phone/relay', () => ({ Relay: class { constructor(private readonly url: string) {} start() { made.relays.push(`start ${this.url}`); } stop() { made.relays.push('stop'); } } }));
vi.mock('../../src/phone/audio', () => ({
  Loudspeaker: class { ring() {} silence() {} },
  microphone: () => new Promise((resolve) => { made.prompts.push(resolve); }),
}));

const CONFIG = { enabled: true, agentSocket: { relay: null }, url: 'wss://x', extension: '1', domain: 'x', password: '', iceServers: [] };
function allowed() {
  const track = { stopped: false, stop() { track.stopped = true; }, addEventListener() {} };
  return { track, got: { state: 'ready', stream: { getTracks: () => [track], getAudioTracks: () => [track] } } };
}
const soon = () => new Promise((resolve) => { setTimeout(resolve, 5); });

beforeEach(() => { made.told.length = 0; made.sips.length = 0; made.prompts.length = 0; made.listeners.length = 0; made.relays.length = 0; made.config = Promise.resolve(CONFIG); });
afterEach(() => { vi.restoreAllMocks(); vi.useRealTimers(); vi.unstubAllGlobals(); });

test('a phone that was given away while it waited for the microphone does not register', async () => {
  const phone = new Softphone();
  const started = phone.start();
  await soon();
  phone.stop();
  const { track, got } = allowed();
  made.prompts[0]?.(got);
  await started;
  expect([made.sips, track.stopped, phone.voices.agent, phone.phone.registration, phone.phone.microphone]).toEqual([[], true, null, 'off', 'unasked']);
});

test('nor does one that was given away while it asked how to', async () => {
  const phone = new Softphone();
  let told: (config: object) => void = () => {};
  made.config = new Promise((resolve) => { told = resolve; });
  const started = phone.start();
  phone.stop();
  told(CONFIG);
  await started;
  expect([made.prompts.length, phone.phone.registration]).toEqual([0, 'off']);
});

test('one that came back registers once, whichever prompt is answered first', async () => {
  const phone = new Softphone();
  const first = phone.start();
  await soon();
  phone.stop();
  const second = phone.start();
  await soon();
  made.prompts[0]?.(allowed().got);
  await first;
  expect(made.sips).toEqual([]);
  made.prompts[1]?.(allowed().got);
  await second;
  expect(made.sips).toEqual(['start']);
  phone.stop();
  expect(made.sips).toEqual(['start', 'stop']);
});

test('one whose page goes says so to the desk at once, if it has begun to register', async () => {
  const phone = new Softphone();
  phone.leave();
  const started = phone.start();
  await soon();
  phone.leave();
  expect([made.sips, made.told]).toEqual([[], []]);
  made.prompts[0]?.(allowed().got);
  await started;
  phone.leave();
  const news: unknown = expect.objectContaining({ event: 'unregistered', page: expect.any(String) as string });
  expect([made.sips, made.told]).toEqual([['start', 'leave'], [['/api/phone/events', news, { keepalive: true }]]]);
});

test('one whose start failed is started again, later each time, until it works: with one relay and one registration', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('location', { origin: 'http://desk' });
  const phone = new Softphone();
  const owner = { state: 'here' as Ownership };
  const keeper = new Keeper(owner, phone);
  const lost = () => { const failed = Promise.reject(new Error('502')); failed.catch(() => {}); made.config = failed; };
  lost();
  keeper.changed();
  await vi.advanceTimersByTimeAsync(0);
  expect([phone.phone.registration, made.sips]).toEqual(['failed', []]);
  // The second time the desk answers, and the stack cannot be set up.
  made.config = Promise.resolve({ ...CONFIG, agentSocket: { relay: '/relay' }, iceServers: null });
  await vi.advanceTimersByTimeAsync(2_000);
  made.prompts[0]?.(allowed().got);
  await vi.advanceTimersByTimeAsync(0);
  expect([phone.phone.registration, made.sips, made.relays]).toEqual(['failed', [], ['start ws://desk/relay?desk-user=u1', 'stop']]);
  made.config = Promise.resolve({ ...CONFIG, agentSocket: { relay: '/relay' } });
  await vi.advanceTimersByTimeAsync(3_900);
  expect(phone.phone.registration).toBe('failed');
  await vi.advanceTimersByTimeAsync(100);
  made.prompts[1]?.(allowed().got);
  await vi.advanceTimersByTimeAsync(0);
  expect([phone.phone.registration, made.sips, made.relays]).toEqual(['connecting', ['start'], ['start ws://desk/relay?desk-user=u1', 'stop', 'start ws://desk/relay?desk-user=u1']]);
  keeper.hurry();
  keeper.changed();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(made.sips).toEqual(['start']);
});

test('it is tried at once when asked for, and no more once the phone is elsewhere', async () => {
  vi.useFakeTimers();
  const owner = { state: 'here' as Ownership };
  const start = vi.fn(() => Promise.reject(new Error('502')));
  const stop = vi.fn();
  const keeper = new Keeper(owner, { start, stop });
  keeper.hurry();
  expect(start).toHaveBeenCalledTimes(0);
  keeper.changed();
  await vi.advanceTimersByTimeAsync(0);
  keeper.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(start).toHaveBeenCalledTimes(2);
  owner.state = 'elsewhere';
  keeper.changed();
  await vi.advanceTimersByTimeAsync(60_000);
  keeper.hurry();
  expect([start.mock.calls.length, stop.mock.calls.length]).toEqual([2, 1]);
});

test('one that was refused is started anew with the settings of now, where the phone is', async () => {
  const phone = new Softphone();
  const owner = { state: 'here' as Ownership };
  const keeper = new Keeper(owner, phone);
  keeper.changed();
  await soon();
  made.prompts.at(-1)?.(allowed().got);
  await soon();
  made.listeners.at(-1)?.refused('Forbidden');
  expect(phone.phone.registration).toBe('refused');
  keeper.restart();
  await soon();
  made.prompts.at(-1)?.(allowed().got);
  await soon();
  expect([made.sips, made.listeners.length, phone.phone.registration]).toEqual([['start', 'stop', 'start'], 2, 'connecting']);
  owner.state = 'elsewhere';
  keeper.restart();
  expect(made.sips).toEqual(['start', 'stop', 'start']);
});

test('what a stack says late, once the phone was given away and is back, changes nothing', async () => {
  const phone = new Softphone();
  const start = async () => {
    const started = phone.start();
    await soon();
    made.prompts.at(-1)?.(allowed().got);
    await started;
    return made.listeners.at(-1) as SipListener;
  };
  const first = await start();
  phone.stop();
  first.registered();
  expect([phone.phone.registration, made.told]).toEqual(['off', []]);
  first.unregistered();
  const told = () => made.told.map(([, news]) => (news as { event: string }).event);
  expect(told()).toEqual(['unregistered']);
  const second = await start();
  second.registered();
  first.unregistered();
  first.refused('Request Timeout');
  first.connecting();
  expect([phone.phone.registration, told()]).toEqual(['registered', ['unregistered', 'registered']]);
  second.refused('Forbidden');
  expect([phone.phone.registration, told().length]).toEqual(['refused', 3]);
});

test('a stack that was stopped is not connecting any more, whatever it says of its socket', async () => {
  const phone = new Softphone();
  const started = phone.start();
  await soon();
  made.prompts[0]?.(allowed().got);
  await started;
  const [listener] = made.listeners;
  listener?.connecting();
  expect(phone.phone.registration).toBe('connecting');
  phone.stop();
  listener?.connecting();
  expect(phone.phone.registration).toBe('off');
});

test('while somebody else is signed in the desk is told nothing', async () => {
  const phone = new Softphone();
  const started = phone.start();
  await soon();
  made.prompts[0]?.(allowed().got);
  await started;
  phone.tells = false;
  made.listeners[0]?.registered();
  expect(made.told).toEqual([]);
  phone.tells = true;
  made.listeners[0]?.registered();
  expect(made.told).toHaveLength(1);
});

test('what the phone did not tell meanwhile it tells as it is, once whose it is is back', async () => {
  const phone = new Softphone();
  const news = () => made.told.map(([, body]) => (body as { event: string }).event);
  phone.tellAgain();
  expect(news()).toEqual([]);
  const started = phone.start();
  await soon();
  made.prompts[0]?.(allowed().got);
  await started;
  phone.tells = false;
  made.listeners[0]?.registered();
  phone.tellAgain();
  expect(news()).toEqual(['registered']);
  phone.tells = false;
  made.listeners[0]?.unregistered();
  phone.tellAgain();
  expect([news(), phone.tells]).toEqual([['registered', 'unregistered'], true]);
});
