/** The sound of one call, from its two tracks to the desk. Outside React: a page that is drawn anew loses nothing of it. */
import { at, ofUser } from '../../api/client';
import type { Voices } from '../../phone/softphone';
import { CHANNELS, type Channel, type Cut } from './frames';
import { Sender } from './sender';
import type { Told } from './worklet';
import worklet from './worklet?worker&url';

export class Listening {
  readonly #sender: Sender;
  // What is listened to is not played here; the telephone's own loudspeaker does that.
  readonly #context = new AudioContext({ latencyHint: 'interactive', sinkId: { type: 'none' } } as AudioContextOptions);
  #node: AudioWorkletNode | null = null;
  #voices: Voices = { customer: null, agent: null };
  #sources: Record<Channel, MediaStreamAudioSourceNode | null> = { customer: null, agent: null };
  #ended = false;

  /** `heard` is told whether the desk hears the call from here. */
  constructor(ucid: string, private readonly heard: (isHeard: boolean) => void) {
    this.#sender = new Sender(`${location.origin.replace(/^http/, 'ws')}${ofUser(at('/api/calls/{ucid}/audio', { ucid }))}`, () => this.#tell());
    void this.#start().catch(() => this.stop());
  }

  /** The tracks of the call as they are now: another headset is another track. */
  hear(voices: Voices) {
    this.#voices = voices;
    this.#connect();
  }

  allow(allowed: boolean) { this.#sender.allow(allowed); }

  /** The desk is there again, or somebody has signed in again. */
  hurry() { this.#sender.hurry(); }

  stop() {
    if (this.#ended) return;
    this.#ended = true;
    removeEventListener('pointerdown', this.#resume);
    removeEventListener('keydown', this.#resume);
    this.#sender.stop();
    CHANNELS.forEach((channel) => this.#sources[channel]?.disconnect());
    this.#node?.port.close();
    void this.#context.close();
  }

  async #start() {
    // A page that has the microphone may use it at once; one that has not yet waits for a press.
    addEventListener('pointerdown', this.#resume);
    addEventListener('keydown', this.#resume);
    this.#resume();
    await this.#context.audioWorklet.addModule(worklet);
    if (this.#ended) return;
    const node = new AudioWorkletNode(this.#context, 'desk-frames', { numberOfInputs: CHANNELS.length, channelCount: 1, channelCountMode: 'explicit' });
    node.port.onmessage = ({ data }: MessageEvent<Cut & { channel: Channel }>) => this.#sender.frame(data.channel, data);
    // It puts out silence; without a destination it would not run.
    node.connect(this.#context.destination);
    this.#node = node;
    this.#connect();
  }

  #resume = () => { if (this.#context.state === 'suspended') void this.#context.resume().catch(() => {}); };

  #connect() {
    const node = this.#node;
    if (!node || this.#ended) return;
    CHANNELS.forEach((channel, input) => {
      const stream = this.#voices[channel];
      const before = this.#sources[channel];
      if (before?.mediaStream === stream) return;
      before?.disconnect();
      const sounds = stream !== null && stream.getAudioTracks().length > 0;
      this.#sources[channel] = sounds ? this.#context.createMediaStreamSource(stream) : null;
      this.#sources[channel]?.connect(node, 0, input);
    });
    this.#tell();
  }

  /** Nothing is cut into frames that would not be sent. */
  #tell() {
    this.heard(this.#sender?.isHeard === true);
    const listens = this.#sender?.listens === true;
    this.#node?.port.postMessage({ customer: listens && this.#sources.customer !== null, agent: listens && this.#sources.agent !== null } satisfies Told);
  }
}
