// Voices in files, and where in what was heard they are.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const RATE = 16_000;

/** The samples of a WAV file with one channel of 16 bits, and their rate. */
function samplesOf(bytes) {
  const rate = bytes.readUInt32LE(24);
  for (let at = 12; at + 8 <= bytes.length; at += 8 + bytes.readUInt32LE(at + 4)) {
    if (bytes.toString('latin1', at, at + 4) !== 'data') continue;
    const end = Math.min(bytes.length, at + 8 + bytes.readUInt32LE(at + 4));
    return { rate, samples: Float32Array.from({ length: (end - at - 8) >> 1 }, (_, n) => bytes.readInt16LE(at + 8 + 2 * n) / 32_768) };
  }
  throw new Error('no sound in the file');
}

/** A WAV file with one channel of 16 bits. */
function wav(samples, rate) {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(36 + 2 * samples.length, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((sample, n) => bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))), 44 + 2 * n));
  return bytes;
}

/** Linear: to compare with, not to listen to. */
function at16k({ rate, samples }) {
  return Float32Array.from({ length: Math.floor(samples.length * RATE / rate) }, (_, n) => {
    const at = n * rate / RATE;
    const low = Math.floor(at);
    return samples[low] + (at - low) * ((samples[low + 1] ?? 0) - samples[low]);
  });
}

/** Someone who says one sentence after the other, with a silence after each, over and over: a file that a browser takes for a microphone. */
export class Voice {
  /** `before` seconds of silence come first, so that two voices take turns. */
  constructor(sentences, { voice = 'en', before = 0.4, pause = 0.8 } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'desk-voice-'));
    try {
      const said = sentences.map((sentence, n) => {
        const file = join(folder, `${n}.wav`);
        execFileSync('espeak-ng', ['-v', voice, '-s', '170', '-w', file, sentence]);
        return samplesOf(readFileSync(file));
      });
      const [{ rate }] = said;
      const silence = (seconds) => new Float32Array(Math.round(seconds * rate));
      const parts = [silence(before), ...said.flatMap(({ samples }) => [samples.map((sample) => 0.7 * sample), silence(pause)])];
      let at = 0;
      /** Where each sentence begins and ends, in seconds. */
      this.spoken = [];
      parts.forEach((part, n) => {
        const from = at;
        at += part.length / rate;
        if (n % 2 === 1) this.spoken.push({ from, to: at });
      });
      this.seconds = at;
      this.samples = at16k({ rate, samples: Float32Array.from(parts.flatMap((part) => [...part])) });
      this.file = join(mkdtempSync(join(tmpdir(), 'desk-voice-')), 'voice.wav');
      writeFileSync(this.file, wav(Float32Array.from(parts.flatMap((part) => [...part])), rate));
    } finally { rmSync(folder, { recursive: true, force: true }); }
  }

  remove() { rmSync(join(this.file, '..'), { recursive: true, force: true }); }
}

/** How alike two sounds of a length are, wherever the second one is in `sound`: 1 is the same. The place is in samples. */
function place(sound, wanted, from, to) {
  let best = { at: -1, like: 0 };
  const power = (samples, at, length) => { let sum = 0; for (let n = 0; n < length; n += 1) sum += samples[at + n] ** 2; return sum; };
  const own = power(wanted, 0, wanted.length);
  const like = (at, step) => {
    let sum = 0;
    for (let n = 0; n < wanted.length; n += step) sum += wanted[n] * sound[at + n];
    return sum * step;
  };
  const end = Math.min(to, sound.length - wanted.length);
  // Roughly first, on every fourth sample of every second place: a voice has little above 2 kHz.
  const rough = [];
  for (let at = Math.max(0, from); at < end; at += 2) rough.push({ at, sum: like(at, 4) });
  rough.sort((a, b) => b.sum - a.sum);
  for (const { at } of rough.slice(0, 8)) {
    for (let near = Math.max(0, at - 3); near <= Math.min(end, at + 3); near += 1) {
      const alike = like(near, 1) / Math.sqrt(own * power(sound, near, wanted.length) + 1e-9);
      if (alike > best.like) best = { at: near, like: alike };
    }
  }
  return best;
}

/**
 * Where in `sound` each piece of a voice is: `{ at, into }`, the sample of `sound` and the second of the voice's file. Pieces
 * are a third of a second long; one that is like nothing that was heard is left out.
 */
export function placed(voice, sound, { like = 0.6 } = {}) {
  const length = Math.round(RATE / 3);
  const found = [];
  // The first piece is looked for everywhere, the others where they must be if the clocks of both run alike.
  let offset = null;
  const round = Math.round(voice.seconds * RATE);
  for (const { from, to } of voice.spoken) {
    for (let into = from + 0.05; into + 1 / 3 < to; into += 1 / 3) {
      const start = Math.round(into * RATE);
      const piece = voice.samples.subarray(start, start + length);
      if (piece.reduce((sum, sample) => sum + sample ** 2, 0) / length < 1e-3) continue;
      if (offset === null) {
        const first = place(sound, piece, 0, Math.min(sound.length, round + length));
        if (first.like < like) continue;
        offset = first.at - start;
      }
      for (let turn = -1; (start + offset + turn * round) < sound.length; turn += 1) {
        const expected = start + offset + turn * round;
        if (expected < 0) continue;
        const one = place(sound, piece, expected - RATE / 5, expected + RATE / 5);
        if (one.like >= like) found.push({ at: one.at, into, turn, like: one.like });
      }
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** The value below which a share of all of them is. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}
