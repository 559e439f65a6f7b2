import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { AlarmClock, Phone } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { get, patch } from '../../api/client';
import { KEYS } from '../../live/cache';
import { useNow, useStale } from '../../state';
import { Button, Chip, Empty, Notice } from '../../ui/controls';
import { toast, toastProblem } from '../../ui/toasts';
import { dateAndTime, grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { dial } from '../call/dialing';

export interface FollowUp { id: string; dueAt: number; number: string; name: string | null; text: string; done: boolean }

export function FollowUps() {
  const words = useWords();
  const stale = useStale();
  const now = useNow(5_000);
  const cache = useQueryClient();
  const list = useQuery({ queryKey: KEYS.followUps, queryFn: ({ signal }) => get<{ followUps: FollowUp[] }>('/api/follow-ups', { signal }) });
  const done = useMutation({
    mutationFn: (id: string) => patch(`/api/follow-ups/${encodeURIComponent(id)}`, { done: true }),
    onError: (problem) => toastProblem(problem, words),
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.followUps }),
  });
  const open = (list.data?.followUps ?? []).filter((one) => !one.done).sort((a, b) => a.dueAt - b.dueAt);
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const one of open) {
      if (one.dueAt > now || told.current.has(one.id)) continue;
      told.current.add(one.id);
      toast('warning', words.followUps.due(one.name ?? grouped(one.number)), one.text);
    }
  }, [open, now, words]);
  if (list.isError) return <Notice tone="bad">{words.problem.title}</Notice>;
  if (!list.data) return <p className="empty" role="status">{words.loading}</p>;
  if (open.length === 0) return <Empty icon={<AlarmClock aria-hidden />} title={words.followUps.empty}><p>{words.followUps.emptyWhy}</p></Empty>;
  return (
    <ul>
      {open.map((one) => (
        <li className="entry" key={one.id}>
          <Button icon tone="quiet" aria-label={words.worklist.call(one.name ?? grouped(one.number))} blocked={stale ? words.reason['stale'] : null} onClick={() => void dial({ number: one.number, name: one.name })}><Phone aria-hidden /></Button>
          <span className="who"><strong>{one.name ?? grouped(one.number)}</strong><span className="small muted">{dateAndTime(one.dueAt)}{one.text && ` · ${one.text}`}</span></span>
          {one.dueAt <= now && <Chip tone="warning">{words.followUps.overdue}</Chip>}
          <Button small onClick={() => done.mutate(one.id)}>{words.followUps.done}</Button>
        </li>
      ))}
    </ul>
  );
}
