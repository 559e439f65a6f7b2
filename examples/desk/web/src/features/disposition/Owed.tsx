import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ClipboardCheck } from 'lucide-react';
import { useState } from 'react';
import { sameAgent } from '../../api/agents';
import { at, get, post } from '../../api/client';
import type { OwedRow } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useCalls, useMe, useStale } from '../../state';
import { Dialog } from '../../ui/Dialog';
import { Button, Chip, Empty, Lacks, Notice } from '../../ui/controls';
import { sentence, toastProblem } from '../../ui/toasts';
import { dateAndTime } from '../../words/time';
import { useWords } from '../../words/words';
import { hasForm, isBad, owedCall } from '../desk/subject';
import { Choose } from './AfterCall';

/** What is owed, apart from the call whose form is on the page. */
export function useOwed() {
  const calls = useCalls();
  const list = useQuery({ queryKey: KEYS.owed, queryFn: () => get('/api/owed') });
  const rows = list.data?.owed.filter((row) => row.state !== 'none' || !hasForm(calls, row));
  return { list, rows };
}

/** Dispositions that did not reach where they belong, or were never given. */
export function Owed() {
  const words = useWords();
  const cache = useQueryClient();
  const { data: me } = useMe();
  const [giving, give] = useState<OwedRow | null>(null);
  const { list, rows } = useOwed();
  const again = () => cache.invalidateQueries({ queryKey: KEYS.owed });
  const act = useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: 'retry' | 'take' }) => post(at(`/api/owed/{id}/${verb}`, { id }), {}),
    onError: (problem) => toastProblem(problem, words),
    onSettled: again,
  });
  const stale = useStale();
  const waits = stale ? words.reason['stale'] : act.isPending ? words.loading : null;
  const leads = me?.role !== 'agent';
  return (
    <>
      {list.isError && <Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{sentence(list.error, words).title}</Notice>}
      {!rows && list.isPending && <p className="empty" role="status">{words.loading}</p>}
      {rows?.length === 0 && !list.data?.more && <Empty icon={<ClipboardCheck aria-hidden />} title={words.disposition.owedEmpty} />}
      {rows && rows.length > 0 && <ul aria-label={words.disposition.owedTitle}>
        {rows.map((row) => (
          <li className="entry" key={row.id}>
            <span className="who"><strong>{row.masked || words.withheld}</strong><span className="small muted">{row.agent} · {dateAndTime(row.at)}{row.name && <> · {row.name}</>}</span></span>
            <Chip tone="warning">{row.state === 'none' ? words.disposition.nothing : `${words.disposition.target[row.target] ?? row.target}: ${words.disposition.targets[row.state] ?? row.state}`}</Chip>
            {leads && row.takenBy === null && <Button small blocked={waits} onClick={() => act.mutate({ id: row.id, verb: 'take' })}>{words.disposition.take}</Button>}
            {(row.state === 'none' || isBad(row.target, row.state)) && <Button small tone="primary" onClick={() => give(row)}>{words.disposition.give}</Button>}
            {row.state !== 'none' && <Button small blocked={waits} onClick={() => act.mutate({ id: row.id, verb: 'retry' })}>{words.disposition.repeat}</Button>}
          </li>
        ))}
      </ul>}
      {list.data?.more && <Lacks>{words.disposition.more}</Lacks>}
      {giving && <Give row={giving} onClose={() => { give(null); void again(); }} />}
    </>
  );
}

/** The form of after-call work, for a call that is long over. */
function Give({ row, onClose }: { row: OwedRow; onClose: () => void }) {
  const words = useWords();
  const call = useQuery({ queryKey: ['call', row.ucid], queryFn: () => get(at('/api/calls/{ucid}', { ucid: row.ucid })) });
  const { data: me } = useMe();
  const own = me?.agents[0] ?? null;
  const owed = call.data && owedCall(call.data, row.agent, own);
  return (
    <Dialog open title={`${row.masked || words.withheld} · ${dateAndTime(row.at)}`} onClose={onClose}>
      {call.isError && !owed ? <Notice tone="bad">{sentence(call.error, words).title}</Notice> : owed ? <Choose call={owed} isOwn={sameAgent(row.agent, own)} onBack={onClose} onSaved={onClose} /> : <p className="muted" role="status">{words.loading}</p>}
    </Dialog>
  );
}
