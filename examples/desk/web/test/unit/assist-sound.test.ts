import { describe, expect, test } from 'vitest';
import { Cutter, HEAD, SAMPLES, encoded, type Cut } from '../../src/features/assist/frames';
import { Resampler } from '../../src/features/assist/resample';

const OUT = 16_000;
const tone = (hertz: number, rate: number, seconds: number) => Float32Array.from({ length: Math.round(rate * seconds) }, (_, n) => 0.8 * Math.sin(2 * Math.PI * hertz * n / rate));
const joined = (parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));
/** Without its beginning and its end. */
const middle = (sound: Float32Array) => sound.subarray(400, sound.length - 400);
const loudness = (sound: Float32Array) => Math.sqrt(sound.reduce((sum, sample) => sum + sample * sample, 0) / sound.length);
const decibel = (sound: Float32Array, whole: number) => 20 * Math.log10(loudness(sound) / whole);
const LOUD = 0.8 / Math.SQRT2;

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number) {
  for (let state = seed; ;) { state = (state * 1_103_515_245 + 12_345) % 2_147_483_648; yield state / 2_147_483_648; }
}

describe.each([8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])('from %i Hz', (rate) => {
  test('a tone that 16 kHz can carry is the same sound at the same time', () => {
    for (const hertz of [100, 1_000, 3_000]) {
      const given = new Resampler(rate, OUT).push(tone(hertz, rate, 0.5));
      const expected = tone(hertz, OUT, 0.5);
      const off = Math.max(...middle(given).map((sample, n) => Math.abs(sample - (expected[n + 400] as number))));
      expect([hertz, off < 0.01, off]).toEqual([hertz, true, off]);
    }
  });

  test('a tone that it cannot carry is not heard as another one', () => {
    for (const hertz of [9_500, 12_000, 15_000, 19_000].filter((one) => one < rate / 2 && rate > OUT)) {
      expect(decibel(middle(new Resampler(rate, OUT).push(tone(hertz, rate, 0.5))), LOUD)).toBeLessThan(-60);
    }
  });

  test('a constant stays what it is', () => {
    expect(Math.max(...middle(new Resampler(rate, OUT).push(new Float32Array(rate / 2).fill(0.5))).map((sample) => Math.abs(sample - 0.5)))).toBeLessThan(1e-5);
  });

  test('however it is cut up, the sound is the same, and all of it but the last millisecond or two', () => {
    const random = numbers(rate);
    const sound = Float32Array.from({ length: rate / 5 }, () => 2 * (random.next().value as number) - 1);
    const whole = new Resampler(rate, OUT).push(sound);
    for (let run = 0; run < 5; run += 1) {
      const resampler = new Resampler(rate, OUT);
      const parts: Float32Array[] = [];
      for (let at = 0; at < sound.length;) {
        const length = run === 0 ? 128 : 1 + Math.floor(700 * (random.next().value as number));
        parts.push(resampler.push(sound.subarray(at, at + length)));
        at += length;
      }
      expect(joined(parts)).toEqual(whole);
    }
    const late = sound.length / rate * OUT - whole.length;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(OUT * 0.005);
  });

  test('after a reset it is as new', () => {
    const resampler = new Resampler(rate, OUT);
    resampler.push(tone(700, rate, 0.3));
    resampler.reset();
    expect(resampler.push(tone(300, rate, 0.1))).toEqual(new Resampler(rate, OUT).push(tone(300, rate, 0.1)));
  });
});

describe('frames', () => {
  /** Cuts a sound that comes in blocks of 128 samples, as the browser's does. */
  const cut = (cutter: Cutter, sound: Float32Array, from = 0) => {
    const cuts: Cut[] = [];
    for (let at = 0; at < sound.length; at += 128) cuts.push(...cutter.push(sound.subarray(at, at + 128), from + at));
    return cuts;
  };

  test('are of 100 ms each, one after the other, at the time of their first sample', () => {
    const cuts = cut(new Cutter(48_000), tone(440, 48_000, 1.02), 96_000);
    expect(cuts.map(({ at }) => at)).toEqual([2_000, 2_100, 2_200, 2_300, 2_400, 2_500, 2_600, 2_700, 2_800, 2_900]);
    expect(new Set(cuts.map(({ pcm }) => pcm.length))).toEqual(new Set([SAMPLES]));
    const sound = Float32Array.from(cuts.flatMap(({ pcm }) => [...pcm]), (sample) => sample / 32_767);
    const expected = tone(440, OUT, 1);
    expect(Math.max(...middle(sound).map((sample, n) => Math.abs(sample - (expected[n + 400] as number))))).toBeLessThan(0.01);
  });

  test('what is too loud is as loud as 16 bits can be', () => {
    const [first] = cut(new Cutter(16_000), Float32Array.from({ length: 1_664 }, (_, n) => (n % 2 === 0 ? 3 : -3)));
    expect(new Set(first?.pcm)).toEqual(new Set([32_767, -32_768]));
  });

  test('after a reset nothing is left of what was heard before', () => {
    const cutter = new Cutter(16_000);
    expect(cut(cutter, new Float32Array(1_536).fill(0.5))).toEqual([]);
    cutter.reset();
    const [first] = cut(cutter, new Float32Array(1_664).fill(0.25), 32_000);
    expect([first?.at, new Set(first?.pcm)]).toEqual([2_000, new Set([8_192])]);
  });

  test('have the head that the desk looks for', () => {
    const pcm = new Int16Array(SAMPLES);
    pcm.set([1, -2, 32_767, -32_768]);
    const bytes = encoded('agent', 0x01020304, { at: 0x0102030405, pcm });
    expect(bytes.length).toBe(HEAD + 3_200);
    expect([...bytes.subarray(0, HEAD + 8)]).toEqual([1, 1, 0, 0, 4, 3, 2, 1, 5, 4, 3, 2, 1, 0, 0, 0, 1, 0, 0xfe, 0xff, 0xff, 0x7f, 0, 0x80]);
    expect(encoded('customer', 0, { at: 0, pcm })[1]).toBe(0);
  });
});
