/**
 * The audio socket of one call. It sends while the desk says "on" and the page knows of nothing against it; what a slow
 * line does not take waits for five seconds, then the oldest is dropped and the gap is told.
 */
import { CHANNELS, encoded, type Channel, type Cut } from './frames';

/** Frames that wait at most, in each channel. */
export const MOST = 50;
/** More than this on its way in the browser: the line is slow. */
export const HIGH_WATER = 64 * 1024;
/** A gap is told as an hour at most: the desk takes a longer one for a mistake. */
const LONGEST_GAP = 36_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const NORMAL = 1000;
/** The desk has ended it; another page has taken over; what was sent is no frame: none gets better by opening again. */
const FINAL = new Set([NORMAL, 1008, 4001, 4400]);
/** The session has ended. Somebody may sign in again on the same page. */
const SIGNED_OUT = 4003;

export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}
export interface Surroundings {
  open(url: string): Socket;
  after(ms: number, run: () => void): () => void;
}

const BROWSER: Surroundings = {
  open: (url) => new WebSocket(url) as unknown as Socket,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

interface Waiting { frames: Cut[]; sequence: number; gap: { from: number; frames: number } | null }

export class Sender {
  #socket: Socket | null = null;
  #retry: () => void = () => {};
  #wait = FIRST_WAIT_MS;
  #ended = false;
  /** What the desk said last on this socket; it says something first of all. */
  #state: string | null = null;
  /** The socket broke while it was on: what is said meanwhile is a gap. */
  #broken = false;
  #allowed = true;
  #channels: Record<Channel, Waiting> = { customer: nothing(), agent: nothing() };

  /** `changed` is called when it may have begun or stopped to listen. */
  constructor(private readonly url: string, private readonly changed: () => void = () => {}, private readonly around = BROWSER) {
    this.#open();
  }

  /** Whether frames are wanted at all. */
  get listens() { return this.#allowed && (this.#state === 'on' || this.#broken); }

  /** Whether the desk hears the call from here. */
  get isHeard() { return this.#state === 'on'; }

  /** It waits to open again: it need not. */
  hurry() {
    if (this.#ended || this.#socket !== null) return;
    this.#retry();
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  /** What the page knows of the call: it may know of a hold or of a pause before the desk's word on it comes. */
  allow(allowed: boolean) {
    if (allowed === this.#allowed) return;
    this.#allowed = allowed;
    if (!allowed) this.#drop();
    this.changed();
  }

  stop() {
    this.#ended = true;
    this.#retry();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(NORMAL);
    this.#state = null;
    this.#broken = false;
    this.changed();
  }

  /** A frame of the call. */
  frame(channel: Channel, cut: Cut) {
    if (!this.listens) return;
    const waiting = this.#channels[channel];
    waiting.frames.push(cut);
    waiting.sequence += 1;
    if (this.#broken) this.#drop();
    else this.#flush();
    while (waiting.frames.length > MOST) lose(waiting);
  }

  #open() {
    const socket = this.around.open(this.url);
    this.#socket = socket;
    socket.onmessage = ({ data }) => { if (socket === this.#socket) this.#told(stateOf(data)); };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#socket = null;
      this.#broken ||= this.#state === 'on';
      this.#state = null;
      this.#drop();
      // Each socket counts from 0; what is lost before it is heard are its first frames.
      for (const waiting of Object.values(this.#channels)) {
        waiting.sequence = waiting.gap?.frames ?? 0;
        if (waiting.gap) waiting.gap.from = 0;
      }
      if (FINAL.has(code)) { this.#ended = true; this.#broken = false; }
      this.changed();
      if (this.#ended) return;
      if (code === SIGNED_OUT) this.#wait = LONGEST_WAIT_MS;
      const wait = this.#wait * (0.75 + Math.random() / 2);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
      this.#retry = this.around.after(wait, () => { if (!this.#ended) this.#open(); });
    };
  }

  #told(state: string | null) {
    if (state === null) return;
    this.#wait = FIRST_WAIT_MS;
    this.#state = state;
    this.#broken = false;
    if (state !== 'on') this.#drop();
    this.changed();
  }

  /** Nothing that waits is sent any more. */
  #drop() {
    for (const channel of CHANNELS) while (this.#channels[channel].frames.length > 0) lose(this.#channels[channel]);
  }

  /** Sends what waits, oldest first, as long as the line takes it. */
  #flush() {
    for (;;) {
      const socket = this.#socket;
      if (!socket || !this.#allowed || this.#state !== 'on' || socket.bufferedAmount > HIGH_WATER) return;
      const channel = CHANNELS.reduce((a, b) => this.#channels[b].frames.length > this.#channels[a].frames.length ? b : a);
      const waiting = this.#channels[channel];
      const [next] = waiting.frames;
      if (!next) return;
      if (waiting.gap) {
        socket.send(JSON.stringify({ type: 'gap', channel, fromSequence: waiting.gap.from, frames: Math.min(waiting.gap.frames, LONGEST_GAP) }));
        waiting.gap = null;
      }
      socket.send(encoded(channel, oldest(waiting), next));
      waiting.frames.shift();
    }
  }
}

/** The number of the frame that waits longest. */
const oldest = ({ sequence, frames }: Waiting) => sequence - frames.length;

const nothing = (): Waiting => ({ frames: [], sequence: 0, gap: null });

/** The oldest that waits is lost. Nothing newer was sent before it, so that one gap is enough. */
function lose(waiting: Waiting) {
  const from = oldest(waiting);
  waiting.frames.shift();
  waiting.gap = { from: waiting.gap?.from ?? from, frames: (waiting.gap?.frames ?? 0) + 1 };
}

/** The desk's word, or `null` for what is none. */
function stateOf(data: unknown): string | null {
  if (typeof data !== 'string') return null;
  try {
    const told = JSON.parse(data) as { type?: unknown; state?: unknown } | null;
    return told?.type === 'state' && typeof told.state === 'string' ? told.state : null;
  } catch { return null; }
}
