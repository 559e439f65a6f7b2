/** Keys that were on their way to something else when a form came: pure, and the form's part of it. */
import { useEffect, useRef, type RefObject } from 'react';

/** Nobody who saw the form come has pressed a key so soon. */
export const SEEN_MS = 500;
/** Who types does not pause so long between keys. */
export const PAUSE_MS = 300;

/** Answers of each key whether it is meant for the form: once it can have been seen, from the first pause on, every one is. */
export function meant(begunAt: number): (at: number) => boolean {
  let last = begunAt;
  let quiet = false;
  return (at) => {
    quiet ||= at - begunAt >= SEEN_MS && at - last >= PAUSE_MS;
    last = at;
    return quiet;
  };
}

/** Whether Enter sends what the form has chosen: not what it suggests by itself, where a key before it was swallowed that may have been another choice. */
export const enterSends = (picked: string | null, swallowed: boolean) => picked !== null || !swallowed;

/** Whether a click is one of the button itself, by mouse or key: not each browser gives it the focus then. The one that Enter makes in a field is neither. */
export const isByHand = (clicks: number, button: object, focused: object | null) => clicks > 0 || button === focused;

/** A form that comes by itself, as somebody types or dials: no key picks or sends anything before there was a pause. Text goes where it is typed. Says whether a key was swallowed. */
export function useQuiet(): RefObject<boolean> {
  const swallowed = useRef(false);
  useEffect(() => {
    const heeds = meant(performance.now());
    const pressed = (event: KeyboardEvent) => {
      if (/^(Tab|Escape|F\d+)$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (heeds(event.timeStamp)) { removeEventListener('keydown', pressed, true); return; }
      const at = event.target instanceof HTMLElement ? event.target : null;
      if (at?.closest('textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])')) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      swallowed.current = true;
    };
    addEventListener('keydown', pressed, true);
    return () => removeEventListener('keydown', pressed, true);
  }, []);
  return swallowed;
}
