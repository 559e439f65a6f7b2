import { lazy, type ComponentType } from 'react';

const AGAIN_MS = 700;

/** A part of the page that could not be loaded: the network lost it, or the desk has a newer page. */
export class NotLoaded extends Error {
  constructor(why: unknown) { super('a part of the page could not be loaded', { cause: why }); }
}

let asked = 0;
/** Parts that could not be loaded are loaded anew the next time that they are drawn. */
export const askAgainForParts = () => { asked += 1; };

const pause = (ms: number) => new Promise((done) => { setTimeout(done, ms); });

/** Loads a part, and once more if that fails. */
export async function twice<T>(load: () => Promise<T>, ms = AGAIN_MS): Promise<T> {
  try { return await load(); } catch { await pause(ms); }
  try { return await load(); } catch (error) { throw new NotLoaded(error); }
}

/** A part of the page that is loaded when it is drawn. One that failed is loaded again when it is asked for, which React's own `lazy` never does. */
export function lazily<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  let failedAt: number | null = null;
  const make = () => lazy(() => twice(load).catch((error: unknown) => { failedAt = asked; throw error; }));
  let Part = make();
  return function Late(props: P) {
    if (failedAt !== null && failedAt !== asked) {
      failedAt = null;
      Part = make();
    }
    const Now: ComponentType<P> = Part as unknown as ComponentType<P>;
    return <Now {...props} />;
  };
}
