/** Starts the phone of the tab that has it, and once more after a while where that did not work. Pure but for its timer. */
import type { Ownership } from './owner';

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

interface Startable { start(): Promise<void>; stop(): void }

export class Keeper {
  #wait = FIRST_WAIT_MS;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #known: Ownership = 'asking';

  constructor(private readonly owner: { readonly state: Ownership }, private readonly phone: Startable) {}

  /** The tab may have the phone now, or have it no more. */
  changed() {
    if (this.owner.state === this.#known) return;
    this.#known = this.owner.state;
    this.#forget();
    if (this.owner.state === 'here') { this.#wait = FIRST_WAIT_MS; this.#start(); } else this.phone.stop();
  }

  /** Something is as it was not when the start failed, or somebody asks for it: what waits is tried at once. */
  hurry() {
    if (this.#retry === null) return;
    this.#forget();
    this.#wait = FIRST_WAIT_MS;
    this.#start();
  }

  /** Starts it anew, with the settings as they are now: what was refused may have been mended there. */
  restart() {
    if (this.owner.state !== 'here') return;
    this.#forget();
    this.#wait = FIRST_WAIT_MS;
    this.phone.stop();
    this.#start();
  }

  #start() {
    this.phone.start().catch(() => {
      if (this.owner.state !== 'here' || this.#retry !== null) return;
      this.#retry = setTimeout(() => { this.#retry = null; this.#start(); }, this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    });
  }

  #forget() {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }
}
