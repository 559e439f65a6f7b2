/**
 * Carries the frames of the agent socket between the desk and the service, where the desk is set so: the tab that has the
 * phone opens both ends. It looks into no text, repeats none, and opens the agent socket only when the desk says so.
 */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
const NORMAL = 1000;
/** Another tab took the relay over, or what was sent is no frame: neither gets better by opening again. */
const FINAL = new Set([1008, 4001]);
/** The session has ended. Somebody may sign in again on the same page, or has already. */
const SIGNED_OUT = 4003;

export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}
export interface Surroundings {
  open(url: string, protocol: string | null): Socket;
  after(ms: number, run: () => void): () => void;
}

const BROWSER: Surroundings = {
  open: (url, protocol) => new WebSocket(url, protocol ?? []) as unknown as Socket,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

interface Frame { type: string; connection: number; url: string; protocol: string | null; text: string }

export class Relay {
  #desk: Socket | null = null;
  #service: Socket | null = null;
  #connection = 0;
  #wait = FIRST_WAIT_MS;
  #retry: () => void = () => {};
  #ended = true;

  constructor(private readonly url: string, private readonly around = BROWSER) {}

  start() {
    if (!this.#ended) return;
    this.#ended = false;
    this.#open();
  }

  stop() {
    this.#ended = true;
    this.#retry();
    this.#leaveService();
    const desk = this.#desk;
    this.#desk = null;
    desk?.close(NORMAL);
  }

  /** It waits to open again: it need not. */
  hurry() {
    if (this.#ended || this.#desk !== null) return;
    this.#retry();
    this.#wait = FIRST_WAIT_MS;
    this.#open();
  }

  #open() {
    const desk = this.around.open(this.url, null);
    this.#desk = desk;
    desk.onopen = () => { this.#wait = FIRST_WAIT_MS; };
    desk.onmessage = ({ data }) => { if (desk === this.#desk) this.#told(frame(data)); };
    desk.onclose = ({ code }) => {
      if (desk !== this.#desk) return;
      this.#desk = null;
      this.#leaveService();
      if (this.#ended || FINAL.has(code)) { this.#ended = true; return; }
      if (code === SIGNED_OUT) this.#wait = LONGEST_WAIT_MS;
      const wait = this.#wait * (0.75 + Math.random() / 2);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
      this.#retry = this.around.after(wait, () => { if (!this.#ended) this.#open(); });
    };
  }

  #told(told: Frame | null) {
    if (told === null) return;
    if (told.type === 'open') { this.#openService(told); return; }
    if (told.connection !== this.#connection || !this.#service) return;
    if (told.type === 'send') this.#service.send(told.text);
    if (told.type === 'close') this.#service.close(NORMAL);
  }

  #openService({ connection, url, protocol }: Frame) {
    this.#leaveService();
    this.#connection = connection;
    let service: Socket;
    try { service = this.around.open(url, protocol); } catch { this.#tell({ type: 'closed', connection, code: 1006 }); return; }
    this.#service = service;
    service.onopen = () => { if (service === this.#service) this.#tell({ type: 'opened', connection }); };
    service.onmessage = ({ data }) => {
      if (service === this.#service && typeof data === 'string') this.#tell({ type: 'received', connection, text: data });
    };
    service.onclose = ({ code }) => {
      if (service !== this.#service) return;
      this.#service = null;
      this.#tell({ type: 'closed', connection, code });
    };
  }

  #leaveService() {
    const service = this.#service;
    this.#service = null;
    service?.close(NORMAL);
  }

  #tell(frame: { type: 'opened' | 'received' | 'closed'; connection: number; text?: string; code?: number }) {
    this.#desk?.send(JSON.stringify(frame));
  }
}

/** A frame of the desk's, or `null` for what is none. */
function frame(data: unknown): Frame | null {
  if (typeof data !== 'string') return null;
  try {
    const parsed = JSON.parse(data) as Partial<Frame> | null;
    if (parsed === null || typeof parsed !== 'object' || typeof parsed.type !== 'string' || typeof parsed.connection !== 'number') return null;
    if (parsed.type === 'open' && typeof parsed.url !== 'string') return null;
    if (parsed.type === 'send' && typeof parsed.text !== 'string') return null;
    return { protocol: null, url: '', text: '', ...parsed } as Frame;
  } catch { return null; }
}
