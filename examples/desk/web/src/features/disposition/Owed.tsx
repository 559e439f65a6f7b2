import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ClipboardCheck } from 'lucide-react';
import { at, get, post } from '../../api/client';
import { KEYS } from '../../live/cache';
import { Button, Chip, Empty, Notice } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { dateAndTime } from '../../words/time';
import { useWords } from '../../words/words';

/** Dispositions that did not reach where they belong, or were never given. */
export function Owed() {
  const words = useWords();
  const cache = useQueryClient();
  const list = useQuery({ queryKey: KEYS.owed, queryFn: () => get('/api/owed') });
  const repeat = useMutation({
    mutationFn: (id: string) => post(at('/api/owed/{id}/retry', { id }), {}),
    onError: (problem) => toastProblem(problem, words),
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.owed }),
  });
  if (list.isError) return <Notice tone="bad">{words.problem.title}</Notice>;
  if (!list.data) return <p className="empty" role="status">{words.loading}</p>;
  if (list.data.owed.length === 0) return <Empty icon={<ClipboardCheck aria-hidden />} title={words.disposition.owedEmpty} />;
  return (
    <ul aria-label={words.disposition.owedTitle}>
      {list.data.owed.map((row) => (
        <li className="entry" key={row.id}>
          <span className="who"><strong>{row.masked || words.withheld}</strong><span className="small muted">{row.agent} · {dateAndTime(row.at)}{row.name && <> · {row.name}</>}</span></span>
          <Chip tone="warning">{row.state === 'none' ? words.worklist.owed : `${words.disposition.target[row.target] ?? row.target}: ${words.disposition.targets[row.state] ?? row.state}`}</Chip>
          {row.state !== 'none' && <Button small onClick={() => repeat.mutate(row.id)}>{words.disposition.repeat}</Button>}
        </li>
      ))}
    </ul>
  );
}
