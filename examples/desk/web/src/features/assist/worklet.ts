/** Runs in the audio thread: two inputs, customer and agent, into frames. It hands out none unless it was told to. */
import { CHANNELS, Cutter } from './frames';

declare const sampleRate: number;
declare const currentFrame: number;
declare function registerProcessor(name: string, processor: unknown): void;
declare class AudioWorkletProcessor { readonly port: MessagePort }

/** What the page tells it: which channels to listen to. */
export interface Told { customer: boolean; agent: boolean }

const SILENCE = new Float32Array(128);

class Frames extends AudioWorkletProcessor {
  readonly #cutters = CHANNELS.map(() => new Cutter(sampleRate));
  #on: Told = { customer: false, agent: false };

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<Told>) => {
      // What was heard before a pause does not wait for its end.
      CHANNELS.forEach((channel, n) => { if (this.#on[channel] !== data[channel]) this.#cutters[n]?.reset(); });
      this.#on = data;
    };
  }

  process(inputs: Float32Array[][]): boolean {
    CHANNELS.forEach((channel, n) => {
      if (!this.#on[channel]) return;
      for (const { at, pcm } of this.#cutters[n]?.push(inputs[n]?.[0] ?? SILENCE, currentFrame) ?? []) {
        this.port.postMessage({ channel, at, pcm }, [pcm.buffer] as unknown as StructuredSerializeOptions);
      }
    });
    return true;
  }
}

registerProcessor('desk-frames', Frames);
