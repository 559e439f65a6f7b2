import { useEffect, useRef } from 'react';
import type { Call } from '../../api/types';
import { useWords } from '../../words/words';

/** A desktop notification for a call that comes in while the page is hidden. One for each call. */
export function useLeaveUnheard(calls: readonly Call[]) {
  const words = useWords();
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const call of calls) {
      if (call.direction !== 'inbound' || call.phase !== 'ringing' || told.current.has(call.ucid)) continue;
      told.current.add(call.ucid);
      if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') continue;
      const shown = new Notification(words.call.ringingIn, { body: call.lead?.name ?? words.unknownName, tag: call.ucid });
      shown.onclick = () => { window.focus(); shown.close(); };
    }
  }, [calls, words]);
}
