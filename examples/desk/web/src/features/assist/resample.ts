/** Sound at any rate into 16 kHz, sample by sample as it comes: a windowed-sinc filter. Pure. */

/** How many zero crossings of the filter there are on each side: more is steeper. */
const CROSSINGS = 16;
/** The pass band ends a little below half the lower rate, so that the filter has room to fall. */
const PASS = 0.92;

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** The filter for each place between two samples that an output sample can be at; each lets a constant through as it is. */
function filters(up: number, down: number, half: number, band: number): Float32Array[] {
  return Array.from({ length: up }, (_, phase) => {
    const at = (phase * down % up) / up;
    const taps = Float64Array.from({ length: 2 * half }, (_, tap) => {
      const x = tap - half + 1 - at;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * band * x) / (Math.PI * band * x);
      const along = Math.PI * x / half;
      // Blackman.
      return Math.abs(x) >= half ? 0 : sinc * (0.42 + 0.5 * Math.cos(along) + 0.08 * Math.cos(2 * along));
    });
    const sum = taps.reduce((all, tap) => all + tap, 0);
    return Float32Array.from(taps, (tap) => tap / sum);
  });
}

/** One channel. The n-th sample that it gives is the sound at n/`to` seconds after the first one that it was given. */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #half: number;
  readonly #filters: readonly Float32Array[];
  #kept: Float32Array;
  /** How many samples are kept, and which sample of the input the first of them is. */
  #length = 0;
  #first = 0;
  #given = 0;

  constructor(from: number, to: number) {
    const common = divisor(Math.round(from), Math.round(to));
    this.#up = Math.round(to) / common;
    this.#down = Math.round(from) / common;
    const band = PASS * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / band);
    this.#filters = from === to ? [] : filters(this.#up, this.#down, this.#half, band);
    this.#kept = new Float32Array(4 * this.#half);
    this.reset();
  }

  /** As if nothing had been heard: before the first sample there was silence. */
  reset() {
    this.#kept.fill(0);
    this.#length = this.#half - 1;
    this.#first = 1 - this.#half;
    this.#given = 0;
  }

  /** What can be given once `input` is known: the filter looks ahead by a millisecond or so. */
  push(input: Float32Array): Float32Array {
    if (this.#filters.length === 0) return input.slice();
    this.#keep(input);
    const output = new Float32Array(this.#ready());
    for (let n = 0; n < output.length; n += 1, this.#given += 1) {
      const from = Math.floor(this.#given * this.#down / this.#up) - this.#half + 1 - this.#first;
      const taps = this.#filters[this.#given % this.#up] as Float32Array;
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap += 1) sum += (taps[tap] as number) * (this.#kept[from + tap] as number);
      output[n] = sum;
    }
    this.#forget();
    return output;
  }

  /** How many output samples have all that they need. */
  #ready(): number {
    const last = this.#first + this.#length - 1 - this.#half;
    return last < 0 ? 0 : Math.max(0, Math.ceil((last + 1) * this.#up / this.#down) - this.#given);
  }

  #keep(input: Float32Array) {
    const needed = this.#length + input.length;
    if (needed > this.#kept.length) {
      const larger = new Float32Array(2 * needed);
      larger.set(this.#kept.subarray(0, this.#length));
      this.#kept = larger;
    }
    this.#kept.set(input, this.#length);
    this.#length = needed;
  }

  /** What no later sample looks at goes. */
  #forget() {
    const gone = Math.floor(this.#given * this.#down / this.#up) - this.#half + 1 - this.#first;
    if (gone <= 0) return;
    this.#kept.copyWithin(0, gone, this.#length);
    this.#length -= gone;
    this.#first += gone;
  }
}
