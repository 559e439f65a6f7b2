import { useMutation, useQueryClient } from '@tanstack/react-query';
import { AlarmClock, Phone } from 'lucide-react';
import { at, patch } from '../../api/client';
import { KEYS } from '../../live/cache';
import { useNow, useStale } from '../../state';
import { Button, Chip, Empty, Lacks, Notice } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { dateAndTime } from '../../words/time';
import { useWords } from '../../words/words';
import { useHolder } from '../call/claims';
import { dial } from '../call/dialing';
import { useDialBlock } from '../call/placing';
import type { Selected } from '../lead/query';
import { openOf, shownAs, useFollowUps } from './due';

export function FollowUps({ busy, onSelect }: { busy: boolean; onSelect: (who: Selected) => void }) {
  const words = useWords();
  const stale = useStale();
  const blocked = useDialBlock(busy);
  const holder = useHolder();
  const now = useNow(5_000);
  const cache = useQueryClient();
  const list = useFollowUps();
  const done = useMutation({
    mutationFn: (id: string) => patch(at('/api/follow-ups/{id}', { id }), { done: true }),
    onError: (problem) => toastProblem(problem, words),
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.followUps }),
  });
  const open = openOf(list.data);
  if (list.isError && !list.data) return <div style={{ padding: 12 }}><Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{words.problem.title}</Notice></div>;
  if (!list.data) return <p className="empty" role="status">{words.loading}</p>;
  if (open.length === 0 && !list.hasNextPage) return <Empty icon={<AlarmClock aria-hidden />} title={words.followUps.empty}><p>{words.followUps.emptyWhy}</p></Empty>;
  return (
    <>
      {list.data.pages.some(({ leadsMissing }) => leadsMissing) && <Lacks>{words.worklist.leadsMissing}</Lacks>}
      <ul>
        {open.map((one) => {
          const by = holder(one);
          const taken = by === null ? null : words.worklist.claimed(by);
          return (
            <li className="entry" key={one.id}>
              <Button icon tone="quiet" aria-label={words.worklist.call(shownAs(one, words))} blocked={blocked ?? (one.number === null ? words.reason['no_number'] : taken)} onClick={() => { if (one.number === null) return; onSelect(one); void dial({ number: one.number, name: one.name }); }}><Phone aria-hidden /></Button>
              <span className="who"><strong>{shownAs(one, words)}</strong><span className="small muted">{[taken, dateAndTime(one.dueAt), one.text].filter(Boolean).join(' · ')}</span></span>
              {one.dueAt <= now && <Chip tone="warning">{words.followUps.overdue}</Chip>}
              <Button small blocked={stale ? words.reason['stale'] : done.isPending ? words.loading : null} onClick={() => done.mutate(one.id)}>{words.followUps.done}</Button>
            </li>
          );
        })}
      </ul>
      {list.hasNextPage && <Lacks action={<Button small blocked={list.isFetchingNextPage ? words.loading : null} onClick={() => void list.fetchNextPage()}>{words.showMore}</Button>}>{list.isFetchNextPageError ? words.problem.title : words.followUps.more(open.length)}</Lacks>}
    </>
  );
}
