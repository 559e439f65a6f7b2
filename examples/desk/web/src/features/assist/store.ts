/** What is known of each call's conversation: from the desk's events, and read from it wherever they may have been missed. */
import { useSyncExternalStore } from 'react';
import { Problem } from '../../api/problem';
import type { Call } from '../../api/types';
import type { StreamMessage } from '../../live/stream';
import * as desk from './desk';
import { dismissed, said, suggested, type Entry, type Suggestion } from './transcript';

export interface Talk {
  entries: readonly Entry[];
  suggestions: readonly Suggestion[];
  /** What an event said last of how it stands, until a record of the call does. */
  standing: desk.Standing | null;
  /** Whether what was said before is known: it is not while it is asked for, or if that failed. */
  read: 'no' | 'asked' | 'failed' | 'yes';
}

const NEW: Talk = { entries: [], suggestions: [], standing: null, read: 'no' };
/** Calls that are kept: those of a while ago are read again. */
const MOST_TALKS = 8;
const MOST_PAGES = 40;

export const KINDS = ['transcript', 'suggestion', 'assist'];

export class Talks {
  #talks: ReadonlyMap<string, Talk> = new Map();
  #watchers = new Set<() => void>();
  /** Calls that the desk hears from this page. */
  #own = new Set<string>();

  constructor(private readonly asks: Pick<typeof desk, 'transcript' | 'suggestions' | 'dismiss'> = desk) {}

  watch = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => { this.#watchers.delete(watcher); };
  };

  of = (ucid: string): Talk => this.#talks.get(ucid) ?? NEW;

  /** An event of the desk's. */
  heard({ kind, data }: StreamMessage) {
    if (kind === 'snapshot') { (data as { calls?: Call[] } | null)?.calls?.forEach((call) => this.#record(call, true)); return; }
    if (kind === 'call.changed') { this.#record(data as Call, false); return; }
    if (!KINDS.includes(kind)) return;
    const told = data as { callId: string; entry?: Entry; suggestion?: Omit<Suggestion, 'dismissed'> } & desk.Standing;
    if (told.entry) this.#add(told.callId, { entry: told.entry });
    if (told.suggestion) this.#add(told.callId, { suggestion: told.suggestion });
    if (kind === 'assist') this.#is(told.callId, { standing: { state: told.state, reason: told.reason ?? null } });
  }

  /** Whether the desk hears the call from this page. */
  hears(ucid: string, isHeard: boolean) { if (isHeard) this.#own.add(ucid); else this.#own.delete(ucid); }

  /** Reads what was said so far. What comes meanwhile is kept. */
  async read(ucid: string) {
    if (this.of(ucid).read === 'asked') return;
    this.#is(ucid, { read: 'asked' });
    try {
      await Promise.all([this.#readEntries(ucid), this.#readSuggestions(ucid)]);
      this.#is(ucid, { read: 'yes' });
    } catch {
      this.#is(ucid, { read: 'failed' });
    }
  }

  /** The stream was away: nothing is known to be whole. */
  missed() {
    for (const [ucid, { read }] of this.#talks) if (read !== 'no') void this.read(ucid);
  }

  /** Puts a suggestion away. It comes back if the desk does not know of it. */
  async dismiss(ucid: string, id: string) {
    const put = (is: boolean) => this.#is(ucid, { suggestions: dismissed(this.of(ucid).suggestions, id, is) });
    put(true);
    try { await this.asks.dismiss(ucid, id); } catch (error) { put(false); throw error; }
  }

  async #readEntries(ucid: string) {
    let after: string | null = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const { entries, more }: Awaited<ReturnType<typeof desk.transcript>> = await this.asks.transcript(ucid, after).catch(none({ entries: [], more: false }));
      let known = this.of(ucid).entries;
      for (const entry of entries) known = said(known, entry);
      this.#is(ucid, { entries: known });
      after = entries.at(-1)?.id ?? null;
      if (!more || after === null) return;
    }
  }

  async #readSuggestions(ucid: string) {
    const { suggestions } = await this.asks.suggestions(ucid).catch(none({ suggestions: [] }));
    for (const one of suggestions) this.#add(ucid, { suggestion: { ...one, done: true } });
  }

  #add(ucid: string, { entry, suggestion }: { entry?: Entry; suggestion?: Omit<Suggestion, 'dismissed'> }) {
    const { entries, suggestions } = this.of(ucid);
    this.#is(ucid, { ...(entry && { entries: said(entries, entry) }), ...(suggestion && { suggestions: suggested(suggestions, suggestion) }) });
  }

  /**
   * A record of the call that says how it stands counts from now on. One that a desk makes to which the sound does not
   * come knows nothing of the desk to which it does: that no sound comes counts where listening was refused or
   * had ended, and after events were missed, unless the sound goes out from here.
   */
  #record(call: Call, isAfterGap: boolean) {
    const standing = desk.standingIn(call);
    const known = this.of(call.ucid).standing;
    if (!standing || !known) return;
    const isOver = known.state === 'refused' || known.state === 'ended';
    if (standing.reason !== 'noAudio' || isOver || (isAfterGap && !this.#own.has(call.ucid))) this.#is(call.ucid, { standing: null });
  }

  #is(ucid: string, change: Partial<Talk>) {
    const talks = new Map(this.#talks);
    const talk = { ...this.of(ucid), ...change };
    talks.delete(ucid);
    talks.set(ucid, talk);
    const [oldest] = talks.keys();
    if (talks.size > MOST_TALKS && oldest !== undefined) talks.delete(oldest);
    this.#talks = talks;
    this.#watchers.forEach((watcher) => watcher());
  }
}

/** There is none of it: no speech provider, or no chat provider. Everything else that fails is a failure. */
const none = <T,>(empty: T) => (error: unknown): T => {
  if (error instanceof Problem && error.status === 404) return empty;
  throw error;
};

export const talks = new Talks();
export const useTalk = (ucid: string) => useSyncExternalStore(talks.watch, () => talks.of(ucid));
/** How it stands with a call; `null` where there is nothing to be said of it. */
export function useStanding(call: Call): desk.Standing | null {
  const { standing } = useTalk(call.ucid);
  const now = standing ?? desk.standingIn(call);
  return now?.reason === 'noConsent' ? null : now;
}
