/** What was said, as it becomes known: pure. */
import type { TranscriptEntry as Entry } from '../../api/types';

export type { Entry };
export interface Suggestion { id: string; text: string; at: string; done: boolean; dismissed: boolean }

/** An entry among those that are known, in the order in which it was said. A finished one is never undone; it may come again, and without words it goes. */
export function said(known: readonly Entry[], entry: Entry): readonly Entry[] {
  const before = known.findLast(({ id }) => id === entry.id);
  if (before?.final && !entry.final) return known;
  const others = before ? known.filter((one) => one !== before) : known;
  if (entry.kind === 'speech' && entry.final && entry.text === '') return others;
  // Nearly always it is the last one.
  const at = others.findLastIndex(({ startMs }) => startMs <= entry.startMs) + 1;
  return [...others.slice(0, at), entry, ...others.slice(at)];
}

/** Gaps that follow each other are one to look at: mostly both speakers were not heard at once. */
export function joined(entries: readonly Entry[]): readonly Entry[] {
  const all: Entry[] = [];
  for (const entry of entries) {
    const last = all.at(-1);
    if (entry.kind === 'gap' && last?.kind === 'gap') all[all.length - 1] = { ...last, endMs: Math.max(last.endMs, entry.endMs) };
    else all.push(entry);
  }
  return all;
}

/** A suggestion as far as it has come, among those that are known, oldest first. One that was dismissed stays so, one that is whole is not shortened, and one that came to nothing goes. */
export function suggested(known: readonly Suggestion[], one: Omit<Suggestion, 'dismissed'> & { dismissed?: boolean }): readonly Suggestion[] {
  const before = known.find(({ id }) => id === one.id);
  if (one.done && one.text === '') return known.filter((other) => other !== before);
  if (!before) return [...known, { dismissed: false, ...one }].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const kept = before.done && !one.done ? before : { ...before, ...one };
  return known.map((other) => other === before ? { ...kept, dismissed: before.dismissed || one.dismissed === true } : other);
}

export const dismissed = (known: readonly Suggestion[], id: string, is: boolean): readonly Suggestion[] =>
  known.map((one) => one.id === id ? { ...one, dismissed: is } : one);

/** A text in pieces, every other of which is what was looked for, as it is written there. */
export function pieces(text: string, wanted: string): string[] {
  const sought = wanted.trim();
  if (sought === '') return [text];
  return text.split(new RegExp(`(${sought.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+')})`, 'iu'));
}

/** The entries in which something was found. */
export function found(entries: readonly Entry[], wanted: string): readonly Entry[] {
  return wanted.trim() === '' ? entries : entries.filter(({ kind, text }) => kind === 'speech' && pieces(text, wanted).length > 1);
}
