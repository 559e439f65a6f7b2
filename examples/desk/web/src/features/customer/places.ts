/** Where the customer window of each call is, and whether it was closed by hand: kept for the call, over a reload too. */
import { useSyncExternalStore } from 'react';
import type { Call } from '../../api/types';
import type { Box } from '../../ui/box';

export interface Place { box: Box | null; closed: boolean }
export type Places = ReadonlyMap<string, Place>;

const KEPT = 'desk-windows';
const MOST = 8;
const NOWHERE: Place = { box: null, closed: false };

/** The places with one of them changed; the oldest are forgotten. */
export function placed(places: Places, ucid: string, change: Partial<Place>): Places {
  const others = [...places].filter(([id]) => id !== ucid);
  return new Map([...others.slice(1 - MOST), [ucid, { ...NOWHERE, ...places.get(ucid), ...change }]]);
}

/** Where the window of a call that was never moved begins: over the worklist, each further one a little lower. */
export function beginning(at: number, screen: { width: number; height: number }): Box {
  const height = Math.min(480, screen.height - 120);
  return { x: 96 + at * 32, y: Math.max(72, screen.height - height - 16 - at * 40), width: 360, height };
}

/** From the answer to the end; what we dial is ours from the click on. */
export function hasWindow({ phase, direction }: Call): boolean {
  return phase === 'active' || (direction === 'outbound' && (phase === 'calling' || phase === 'ringing'));
}

let places: Places = load();
const watchers = new Set<() => void>();

function load(): Places {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEPT) ?? '[]') as [string, Place][]);
  } catch { return new Map(); }
}

export function place(ucid: string, change: Partial<Place>) {
  places = placed(places, ucid, change);
  sessionStorage.setItem(KEPT, JSON.stringify([...places]));
  watchers.forEach((watcher) => watcher());
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
};

export const usePlace = (ucid: string): Place => useSyncExternalStore(watch, () => places.get(ucid) ?? NOWHERE);
