import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Softphone } from '../../src/phone/softphone';

const made = vi.hoisted(() => ({ told: [] as unknown[][], sips: [] as string[], prompts: [] as ((got: object) => void)[], config: null as Promise<object> | null }));
vi.mock('../../src/phone/jssip', () => ({ Sip: class { start() { made.sips.push('start'); } stop() { made.sips.push('stop'); } leave() { made.sips.push('leave'); } } }));
vi.mock('../../src/api/client', () => ({ get: () => made.config, post: (...asked: unknown[]) => { made.told.push(asked); return Promise.resolve({}); } }));
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

beforeEach(() => { made.told.length = 0; made.sips.length = 0; made.prompts.length = 0; made.config = Promise.resolve(CONFIG); });
afterEach(() => { vi.restoreAllMocks(); });

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
