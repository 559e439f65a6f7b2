/** Which tab has the phone: whoever holds the lock. No timers; a closed tab gives it up by closing. */
const LOCK = 'desk-phone';
const CHANNEL = 'desk-phone';
const ANSWER_MS = 2_000;

export type AudioCommand = 'answer' | 'decline' | 'mute' | 'unmute' | 'keys' | 'hang_up' | 'hand_over';
interface Asked { ask: string; command: AudioCommand; value?: string }
interface Answered { answer: string; ok: boolean; reason?: string }
/** Whether the agent is muted, of the tab that has the phone; asked for by one that comes later. */
type Told = { muted: boolean } | { hello: true };

export type Ownership = 'asking' | 'here' | 'elsewhere';

export class Owner {
  #state: Ownership = 'asking';
  #release: (() => void) | null = null;
  #watchers = new Set<() => void>();
  #channel = new BroadcastChannel(CHANNEL);
  #muted = false;
  #waiting = new Map<string, (answer: Answered) => void>();
  #stop = new AbortController();

  constructor(private readonly carryOut: (command: AudioCommand, value?: string) => Promise<string | null>) {
    this.#channel.onmessage = ({ data }: MessageEvent<Asked | Answered | Told>) => this.#arrived(data);
    this.#channel.postMessage({ hello: true } satisfies Told);
  }

  get state() { return this.#state; }

  /** Whether the agent is muted in the tab that has the phone. */
  get muted() { return this.#muted; }

  /** Says so to the other tabs. */
  tell(muted: boolean) {
    if (this.#state !== 'here' || muted === this.#muted) return;
    this.#knows(muted);
    this.#channel.postMessage({ muted } satisfies Told);
  }

  watch = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => { this.#watchers.delete(watcher); };
  };

  /** Takes the phone if no tab has it; else waits in line for it. */
  async start() {
    void navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) await this.#hold();
      else { this.#is('elsewhere'); void this.#queue(); }
    }).catch(this.#lost);
  }

  /** Takes the phone away from a tab that does not answer. */
  take() {
    void navigator.locks.request(LOCK, { steal: true }, () => this.#hold()).catch(this.#lost);
  }

  /** Gives the phone to the tab that waits. */
  handOver() {
    this.#release?.();
  }

  stop() {
    this.#stop.abort();
    this.#release?.();
    this.#channel.close();
  }

  /** An audio command, wherever the phone is. Answers why not, or `null`. */
  async command(command: AudioCommand, value?: string): Promise<string | null> {
    if (this.#state === 'here') return this.carryOut(command, value);
    const ask = crypto.randomUUID();
    const answer = new Promise<Answered>((resolve) => {
      this.#waiting.set(ask, resolve);
      setTimeout(() => resolve({ answer: ask, ok: false, reason: 'no_answer' }), ANSWER_MS);
    });
    this.#channel.postMessage({ ask, command, ...(value === undefined ? {} : { value }) } satisfies Asked);
    const { ok, reason } = await answer;
    this.#waiting.delete(ask);
    return ok ? null : reason ?? 'refused';
  }

  async #queue() {
    await navigator.locks.request(LOCK, { signal: this.#stop.signal }, () => this.#hold()).catch(this.#lost);
  }

  /** Another tab took the lock, or this one has stopped waiting: it has no phone now, and waits in line again. */
  #lost = () => {
    this.#release = null;
    this.#is('elsewhere');
    if (!this.#stop.signal.aborted) void this.#queue();
  };

  #hold(): Promise<void> {
    this.#is('here');
    return new Promise((resolve) => {
      this.#release = () => {
        this.#release = null;
        this.#is('elsewhere');
        resolve();
        if (!this.#stop.signal.aborted) setTimeout(() => void this.#queue(), 50);
      };
    });
  }

  #knows(muted: boolean) {
    this.#muted = muted;
    this.#watchers.forEach((watcher) => watcher());
  }

  async #arrived(data: Asked | Answered | Told) {
    if ('muted' in data) { this.#knows(data.muted); return; }
    if ('hello' in data) {
      if (this.#state === 'here') this.#channel.postMessage({ muted: this.#muted } satisfies Told);
      return;
    }
    if ('answer' in data) { this.#waiting.get(data.answer)?.(data); return; }
    if (this.#state !== 'here') return;
    const reason = await this.carryOut(data.command, data.value);
    this.#channel.postMessage({ answer: data.ask, ok: reason === null, ...(reason === null ? {} : { reason }) } satisfies Answered);
  }

  #is(state: Ownership) {
    if (state === this.#state) return;
    this.#state = state;
    this.#watchers.forEach((watcher) => watcher());
  }
}
