/** The desk's event stream: resumed by id, watched by its tick, and honest about being stale. */
import { ofUser } from '../api/client';

export type Standing = 'connecting' | 'live' | 'stale' | 'away';

export interface StreamMessage { kind: string; id: string; data: unknown }

/** No tick for so long: the connection is dead even if the browser does not know it. */
const SILENCE_MS = 40_000;
/** Commands are blocked when nothing came for so long. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const BAD_REQUEST = 400;
/** After so many openings without success in a row it is asked why. */
const ASKS_AFTER = 2;

const KINDS: readonly string[] = [
  'snapshot', 'call.changed', 'call.merged', 'agent.changed', 'missed.changed', 'worklist.changed', 'followup.changed',
  'dial.changed', 'owed.changed', 'lead.changed', 'appointment.changed', 'profile.changed', 'popup', 'tick', 'going-away',
];

export interface Source {
  addEventListener(kind: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
  onerror: ((event: Event) => void) | null;
}

export interface Surroundings {
  open(url: string): Source;
  /** The status with which the desk answers there, which an EventSource does not say; `null` of no answer. */
  status(url: string): Promise<number | null>;
  after(ms: number, run: () => void): () => void;
}

export const BROWSER: Surroundings = {
  open: (url) => new EventSource(url),
  status: async (url) => {
    const stop = new AbortController();
    const answer = await fetch(url, { signal: stop.signal }).catch(() => null);
    stop.abort();
    return answer?.status ?? null;
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Keeps one connection. Outside React, so that a page has one however often it draws. */
export class Stream {
  #source: Source | null = null;
  #lastId = '';
  #wait = FIRST_WAIT_MS;
  #silence: () => void = () => {};
  #retry: () => void = () => {};
  #standing: Standing = 'connecting';
  #staleSince: number | null = null;
  #watchers = new Set<() => void>();
  #ended = true;
  /** Openings without success since something was heard. */
  #failed = 0;
  /** Whether the address says whose page it is. A desk of the version before refuses one that does. */
  #isNamed = true;
  #kinds = [...KINDS];
  #listeners = new Set<(message: StreamMessage) => void>();

  /** `suspect` hears of each connection that failed: an EventSource does not say why. */
  constructor(private readonly tell: (message: StreamMessage) => void, private readonly around = BROWSER, private readonly suspect: () => void = () => {}) {}

  start() {
    if (!this.#ended) return;
    this.#ended = false;
    this.#open();
  }

  stop() {
    this.#ended = true;
    this.#close();
    this.#lastId = '';
  }

  /** A new network or a page that woke up: try at once. */
  hurry() {
    if (this.#ended || this.#standing === 'live') return;
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  /** The computer is offline: what is open is dead, even if nothing says so yet. */
  lost() {
    if (!this.#ended && this.#source) this.#again('stale');
  }

  get standing() { return this.#standing; }
  get staleSince() { return this.#staleSince; }

  watch = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => { this.#watchers.delete(watcher); };
  };

  /** Tells a part of the page that comes later everything from now on, and kinds that only it knows. */
  listen(kinds: readonly string[], listener: (message: StreamMessage) => void) {
    for (const kind of kinds) {
      if (this.#kinds.includes(kind)) continue;
      this.#kinds.push(kind);
      if (this.#source) this.#await(this.#source, kind);
    }
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  #await(source: Source, kind: string) { source.addEventListener(kind, (event) => this.#arrived(source, kind, event)); }

  #is(standing: Standing) {
    if (standing === this.#standing) return;
    this.#standing = standing;
    if (standing === 'live') this.#staleSince = null;
    else this.#staleSince ??= Date.now();
    this.#watchers.forEach((watcher) => watcher());
  }

  #close() {
    this.#silence();
    this.#retry();
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    this.#close();
    // A new EventSource cannot send Last-Event-ID, so the id goes in the query as well.
    const query: Record<string, string> = this.#lastId ? { after: this.#lastId } : {};
    const isNamed = this.#isNamed;
    // The next one may be at a desk of this version.
    this.#isNamed = true;
    const url = ofUser('/api/events', query, isNamed);
    const source = this.around.open(url);
    this.#source = source;
    this.#heard();
    for (const kind of this.#kinds) this.#await(source, kind);
    // A stream that is resumed has nothing to say if nothing was missed; a new one begins with a snapshot.
    source.addEventListener('open', () => {
      if (source !== this.#source) return;
      this.#failed = 0;
      // That desk did not look whose page it is.
      if (!isNamed) this.suspect();
      if (!this.#lastId) return;
      this.#heard();
      this.#is('live');
    });
    source.onerror = () => {
      if (source !== this.#source) return;
      this.#again('stale');
      this.suspect();
      this.#failed += 1;
      if (isNamed && this.#failed >= ASKS_AFTER) void this.#ask(url);
    };
  }

  /** A desk of the version before, which goes on beside this one or was put back, does not know who is meant by the address. */
  async #ask(url: string) {
    const status = await this.around.status(url);
    if (status !== BAD_REQUEST || this.#ended || this.#source !== null) return;
    this.#isNamed = false;
    this.#open();
  }

  #arrived(source: Source, kind: string, event: MessageEvent<string>) {
    if (source !== this.#source) return;
    this.#heard();
    this.#wait = FIRST_WAIT_MS;
    this.#failed = 0;
    if (event.lastEventId) this.#lastId = event.lastEventId;
    if (kind === 'going-away') { this.#again('away'); return; }
    if (kind !== 'tick') {
      const message = { kind, id: event.lastEventId, data: parsed(event.data) };
      this.tell(message);
      this.#listeners.forEach((listener) => listener(message));
    }
    this.#is('live');
  }

  #heard() {
    this.#silence();
    this.#silence = this.around.after(SILENCE_MS, () => this.#again('stale'));
  }

  #again(standing: Standing) {
    this.#close();
    this.#is(standing);
    if (this.#ended) return;
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#retry = this.around.after(wait, () => this.#open());
  }
}

function parsed(text: string): unknown {
  try { return JSON.parse(text); } catch { return null; }
}
