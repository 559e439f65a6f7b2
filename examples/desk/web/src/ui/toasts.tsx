import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { Problem } from '../api/problem';
import { useWords, type Words } from '../words/words';
import { Button } from './controls';

interface Toast { id: number; tone: 'good' | 'warning' | 'bad' | 'blue'; title: string; text: string | null }

const MOST = 4;
const SHOWN_MS = 7_000;
let toasts: readonly Toast[] = [];
let nextId = 1;
const watchers = new Set<() => void>();

function set(next: readonly Toast[]) {
  toasts = next;
  watchers.forEach((watcher) => watcher());
}

const drop = (id: number) => set(toasts.filter((toast) => toast.id !== id));

/** Of each kind the newest: what went wrong gives way to nothing but more of it. */
export function fitting<T extends { tone: string }>(all: readonly T[]): T[] {
  const newest = (bad: boolean) => new Set(all.filter(({ tone }) => (tone === 'bad') === bad).slice(-MOST));
  const [bad, other] = [newest(true), newest(false)];
  return all.filter((one) => bad.has(one) || other.has(one));
}

/** A message in passing. What must not be missed is shown in its place, not here. */
export function toast(tone: Toast['tone'], title: string, text: string | null = null) {
  const id = nextId++;
  set(fitting([...toasts, { id, tone, title, text }]));
  if (tone !== 'bad') setTimeout(() => drop(id), SHOWN_MS);
}

/** What a problem says to a person: what happened, whether it may have taken effect. */
export function sentence(problem: unknown, words: Words): { title: string; text: string | null } {
  if (!(problem instanceof Problem)) return { title: words.problem.title, text: null };
  const title = problem.body.message || (problem.status === 0 ? words.problem.unreachable : words.problem.title);
  if (problem.mayHaveHappened) return { title, text: words.problem.mayHave };
  if (problem.retryAfterSec !== null) return { title, text: words.problem.later(problem.retryAfterSec) };
  return { title, text: null };
}

export function toastProblem(problem: unknown, words: Words) {
  const { title, text } = sentence(problem, words);
  toast('bad', title, text);
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
};

export function Toasts() {
  const words = useWords();
  const shown = useSyncExternalStore(watch, () => toasts);
  return (
    <div className="toasts" role="region" aria-live="polite" aria-label={words.problem.title}>
      {shown.map(({ id, tone, title, text }) => (
        <div key={id} className={`toast ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
          <div className="grow"><strong>{title}</strong>{text && <p>{text}</p>}</div>
          <Button tone="quiet" icon small aria-label={words.close} onClick={() => drop(id)}><X aria-hidden /></Button>
        </div>
      ))}
    </div>
  );
}
