import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query';
import { useEffect } from 'react';
import { get } from '../../api/client';
import type { FollowUp, FollowUpPage } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useNow } from '../../state';
import { toast } from '../../ui/toasts';
import { grouped } from '../../words/time';
import { useWords, type Words } from '../../words/words';

export const useFollowUps = () => useInfiniteQuery({
  queryKey: KEYS.followUps,
  queryFn: ({ pageParam }) => get('/api/follow-ups', { query: { cursor: pageParam } }),
  initialPageParam: null as string | null,
  getNextPageParam: ({ cursor }) => cursor,
});

/** The open ones of all pages that were read, the first due first: one that was put off while they were read is in two. */
export function openOf(read: Pick<InfiniteData<FollowUpPage>, 'pages'> | undefined): FollowUp[] {
  const all = new Map(read?.pages.flatMap(({ followUps }) => followUps).map((one) => [one.id, one]));
  return [...all.values()].filter(({ done }) => !done).sort((a, b) => a.dueAt - b.dueAt);
}
export const shownAs = (one: FollowUp, words: Words) => one.name ?? (one.number === null ? words.unknownName : grouped(one.number));

/** What was said already, as long as the page lives. A promise that is put off is another one. */
const told = new Set<string>();

/** Of these, what is due and was not said yet; from now on it was. */
export function newlyDue(followUps: readonly FollowUp[], now: number, said: Set<string> = told): FollowUp[] {
  return followUps.filter((one) => {
    const name = `${one.id} ${one.dueAt}`;
    if (one.done || one.dueAt > now || said.has(name)) return false;
    said.add(name);
    return true;
  });
}

/** Says once when a promise falls due, whatever is on the page; outside it too while the page is hidden. */
export function useDueAlarm() {
  const words = useWords();
  const now = useNow(5_000);
  const { data } = useFollowUps();
  useEffect(() => {
    // What was asked for beyond the first page is on the screen, and no news.
    for (const one of newlyDue(data?.pages[0]?.followUps ?? [], now)) {
      const title = words.followUps.due(shownAs(one, words));
      toast('warning', title, one.text);
      if (document.hidden && 'Notification' in window && Notification.permission === 'granted') new Notification(title, { tag: one.id });
    }
  }, [data, now, words]);
}
