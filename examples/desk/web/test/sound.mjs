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

/** Runs in a page: keeps what a track carries, with the time at which each block of it could be had. */
function recorder(track) {
  const kept = { rate: 0, blocks: [] };
  globalThis.recorded = kept;
  const reader = new MediaStreamTrackProcessor({ track: track.clone() }).readable.getReader();
  (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      kept.rate = value.sampleRate;
      kept.blocks.push({ at: performance.timeOrigin + performance.now(), samples });
      value.close();
    }
  })();
}

/** Keeps what a track of a page carries; `track` is how the page calls it. What comes back gives what was kept so far. */
export async function record(page, track) {
  await page.evaluate(`(${recorder})(${track})`);
  return async () => {
    const { rate, lengths, times, sound } = await page.evaluate(() => {
      const { rate, blocks } = globalThis.recorded;
      const all = Int16Array.from(blocks.flatMap(({ samples }) => [...samples]), (sample) => Math.max(-32_768, Math.min(32_767, sample * 32_767)));
      const bytes = new Uint8Array(all.buffer);
      let text = '';
      for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
      return { rate, lengths: blocks.map(({ samples }) => samples.length), times: blocks.map(({ at }) => at), sound: btoa(text) };
    });
    const bytes = Buffer.from(sound, 'base64');
    const samples = at16k({ rate, samples: Float32Array.from({ length: bytes.length >> 1 }, (_, n) => bytes.readInt16LE(2 * n) / 32_768) });
    return { samples, blocks: lengths.map((length, n) => ({ at: times[n], samples: { length: length * RATE / rate } })) };
  };
}

/** When the sample at a place was there, of what came in blocks. */
function arrivals(blocks) {
  const ends = [];
  let end = 0;
  for (const { samples } of blocks) ends.push(end += samples.length);
  return (place) => {
    let [low, high] = [0, ends.length - 1];
    while (low < high) { const middle = (low + high) >> 1; if (ends[middle] > place) high = middle; else low = middle + 1; }
    return blocks[low]?.at;
  };
}

/**
 * How long it took, in milliseconds, from the moment of each sample in the voice's file until it was received: the file began
 * when a block of it was there soonest in the page that speaks. Of what was said while `spoken` was kept: until the lines to the
 * provider are open, frames wait for them.
 */
export function delays(voice, spoken, received) {
  const milliseconds = ({ into, turn }) => 1000 * (into + turn * voice.seconds);
  const there = arrivals(spoken.blocks);
  const began = Math.min(...placed(voice, spoken.samples).map((piece) => there(piece.at) - milliseconds(piece)));
  const came = arrivals(received.blocks);
  const round = 1000 * voice.seconds;
  return placed(voice, received.samples).flatMap((piece) => Array.from({ length: 32 }, (_, n) => n * RATE / 96).flatMap((after) => {
    const at = came(piece.at + after);
    // Each file is spoken over and over; nothing takes as long as a whole round of it.
    if (at === undefined) return [];
    const took = (((at - began - milliseconds(piece) - 1000 * after / RATE) % round) + round) % round;
    return at - took < spoken.blocks[0].at ? [] : [took];
  }));
}
