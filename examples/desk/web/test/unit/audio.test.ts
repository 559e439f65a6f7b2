import { afterEach, expect, test, vi } from 'vitest';

const made = { plays: 0, allowed: false, resumed: 0, voices: [] as { paused: boolean }[] };
class Voice {
  srcObject: unknown = null;
  paused = true;
  constructor() { made.voices.push(this); }
  play() {
    made.plays += 1;
    if (!made.allowed) return Promise.reject(new DOMException('no', 'NotAllowedError'));
    this.paused = false;
    return Promise.resolve();
  }
}
afterEach(() => { vi.unstubAllGlobals(); });

test('a voice that the browser held back is heard from the first click on', async () => {
  vi.stubGlobal('Audio', Voice);
  vi.stubGlobal('AudioContext', class { resume() { made.resumed += 1; return Promise.resolve(); } });
  vi.stubGlobal('localStorage', { getItem: () => null });
  const { Loudspeaker } = await import('../../src/phone/audio');
  const speaker = new Loudspeaker();
  speaker.unlock();
  expect([made.plays, made.resumed]).toEqual([0, 1]);
  speaker.play({} as MediaStream);
  await Promise.resolve();
  expect([made.plays, made.voices[0]?.paused]).toEqual([1, true]);
  made.allowed = true;
  speaker.unlock();
  expect([made.plays, made.voices[0]?.paused]).toEqual([2, false]);
  speaker.unlock();
  expect(made.plays).toBe(2);
});
