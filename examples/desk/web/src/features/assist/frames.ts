/** Sound as the desk takes it: frames of 100 ms, 16-bit mono at 16 kHz, each with a head of 16 bytes. Pure. */
import { Resampler } from './resample';

export const RATE = 16_000;
export const FRAME_MS = 100;
export const SAMPLES = RATE * FRAME_MS / 1000;
export const HEAD = 16;
const VERSION = 1;

/** What a frame's second byte says. */
export const CHANNELS = ['customer', 'agent'] as const;
export type Channel = (typeof CHANNELS)[number];

/** A frame without its head; `at` is when its first sample was, in milliseconds of the page's audio clock. */
export interface Cut { at: number; pcm: Int16Array<ArrayBuffer> }

/** A sample as 16 bits; what is too loud is as loud as can be. */
const sixteen = (sample: number) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767)));

/** Cuts one channel into frames. */
export class Cutter {
  readonly #resampler: Resampler;
  #began: number | null = null;
  #cut = 0;
  #frame = new Int16Array(SAMPLES);
  #filled = 0;

  constructor(private readonly rate: number) { this.#resampler = new Resampler(rate, RATE); }

  /** What was begun is thrown away; the next sound begins anew. */
  reset() {
    this.#resampler.reset();
    this.#began = null;
    this.#cut = 0;
    this.#filled = 0;
  }

  /** The frames that are whole with `input`, whose first sample is the `clock`-th at the rate of the input. */
  push(input: Float32Array, clock: number): Cut[] {
    this.#began ??= clock;
    const cuts: Cut[] = [];
    for (const sample of this.#resampler.push(input)) {
      this.#frame[this.#filled] = sixteen(sample);
      this.#filled += 1;
      if (this.#filled < SAMPLES) continue;
      cuts.push({ at: Math.round(this.#began * 1000 / this.rate) + this.#cut * FRAME_MS, pcm: this.#frame });
      this.#frame = new Int16Array(SAMPLES);
      this.#filled = 0;
      this.#cut += 1;
    }
    return cuts;
  }
}

/** A frame as it is sent. */
export function encoded(channel: Channel, sequence: number, { at, pcm }: Cut): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD + 2 * SAMPLES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, CHANNELS.indexOf(channel));
  view.setUint32(4, sequence, true);
  view.setBigUint64(8, BigInt(at), true);
  pcm.forEach((sample, n) => view.setInt16(HEAD + 2 * n, sample, true));
  return bytes;
}
