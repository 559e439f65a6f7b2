import { useEffect } from 'react';

/** Single keys, while nobody types and nothing modal is open. `null`: nothing to do. */
export function useShortcuts(keys: Record<string, (() => void) | null>) {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
      const at = event.target instanceof HTMLElement ? event.target : null;
      if (at?.closest('input, textarea, select, [contenteditable], [role=dialog], [role=menu]')) return;
      if (document.querySelector('.dialog, .backdrop')) return;
      const run = keys[event.key.toLowerCase()];
      if (run) { event.preventDefault(); run(); }
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  });
}
