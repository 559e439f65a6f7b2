import { useEffect } from 'react';

/** Whether a key at this place is a shortcut: not where somebody types, nor Enter on what it presses. */
export function heeds(key: string, at: Pick<Element, 'closest'> | null): boolean {
  if (at?.closest('input, textarea, select, [contenteditable], [role=dialog], [role=menu]')) return false;
  return key !== 'Enter' || !at?.closest('button, a, summary, [role=button], audio');
}

/** Single keys, while nobody types and nothing modal is open. `null`: nothing to do. */
export function useShortcuts(keys: Record<string, (() => void) | null>) {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
      const at = event.target instanceof HTMLElement ? event.target : null;
      if (!heeds(event.key, at)) return;
      if (document.querySelector('.dialog, .backdrop')) return;
      const run = keys[event.key.toLowerCase()];
      if (run) { event.preventDefault(); run(); }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
}
