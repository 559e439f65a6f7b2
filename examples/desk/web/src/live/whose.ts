/** Whose page this is: asked of the desk when the stream ends, told between the tabs of a browser, which share a session. */
const AT_MOST_EACH_MS = 10_000;

interface Told { user: string | null }
export interface Channel { postMessage(told: Told): void; onmessage: ((event: MessageEvent<Told>) => void) | null }
export interface Around {
  /** The id of whoever is signed in; a session that has ended is told elsewhere. */
  ask(): Promise<string>;
  channel: Channel;
  now(): number;
  after(ms: number, run: () => void): void;
}

export class Whose {
  #user: string | null = null;
  #askedAt = -Infinity;
  #waits = false;
  /** The same user signed in again, in another tab. */
  onAgain: () => void = () => {};
  /** Nobody is signed in any more, or somebody else. */
  onOther: () => void = () => {};

  constructor(private readonly around: Around) {
    around.channel.onmessage = ({ data: { user } }) => {
      if (this.#user === null) return;
      if (user === this.#user) this.onAgain(); else this.onOther();
    };
  }

  /** Somebody signed in here, or nobody is any more: the other tabs hear of it. */
  is(user: string | null) {
    this.#user = user;
    this.around.channel.postMessage({ user });
  }

  /** The stream has ended, and does not say why: the session may be over, or somebody else's. Asked now and then at most. */
  suspect = () => {
    if (this.#waits || this.#user === null) return;
    const wait = this.#askedAt + AT_MOST_EACH_MS - this.around.now();
    if (wait <= 0) { void this.#ask(); return; }
    this.#waits = true;
    this.around.after(wait, () => { this.#waits = false; void this.#ask(); });
  };

  async #ask() {
    this.#askedAt = this.around.now();
    const found = await this.around.ask().catch(() => null);
    if (found !== null && this.#user !== null && found !== this.#user) this.onOther();
  }
}
