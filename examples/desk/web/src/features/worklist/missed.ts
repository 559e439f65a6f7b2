import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { get } from '../../api/client';
import { KEYS } from '../../live/cache';
import { toast } from '../../ui/toasts';
import { grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { LEVELS_MS } from './levels';

export const useMissed = () => useQuery({ queryKey: KEYS.missed, queryFn: () => get('/api/missed'), refetchInterval: LEVELS_MS });

/** Says that a call was missed, of each that comes while the page is open. */
export function useMissedNews() {
  const words = useWords();
  const missed = useMissed().data?.missed;
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (!missed) return;
    const before = known.current;
    known.current = new Set(missed.map(({ id }) => id));
    if (!before) return;
    for (const { id, name, number } of missed) {
      if (before.has(id)) continue;
      toast('warning', words.worklist.missedNews(name ?? grouped(number)));
      if (document.hidden && 'Notification' in window && Notification.permission === 'granted') new Notification(words.worklist.missedNews(name ?? words.unknownName), { tag: id });
    }
  }, [missed, words]);
}
