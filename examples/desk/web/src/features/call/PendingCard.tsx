import { useQuery, useQueryClient } from '@tanstack/react-query';
import { PhoneOff } from 'lucide-react';
import { useEffect } from 'react';
import type { Call } from '../../api/types';
import { apply, KEYS } from '../../live/cache';
import { useNow } from '../../state';
import { Button, Chip, Notice } from '../../ui/controls';
import { clock, grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { isDone } from '../desk/subject';
import { follow, forgetPending, isOpen, isSilent, lookFor, resume, tellThatItRang, usePending, type Pending } from './dialing';
import { hasOutcome, metBy, refusal } from './outcome';

/** The dial that has no call yet. It is followed whatever the page shows, and forgotten once its call is told of, in whatever phase. */
export function usePendingDial(calls: readonly Call[]): Pending | null {
  const cache = useQueryClient();
  const pending = usePending();
  const isThere = pending !== null && metBy(pending, calls) === 'there';
  useEffect(() => { void follow(calls); });
  const why = pending?.reason ?? null;
  // Who has taken it is not known here as yet.
  useEffect(() => { if (why === 'claimed') for (const queryKey of [KEYS.missed, KEYS.worklist]) void cache.invalidateQueries({ queryKey }); }, [why, cache]);
  const key = [...KEYS.dials, pending?.key];
  // It is found out by the desk, or settled by a supervisor.
  useQuery({ queryKey: key, queryFn: resume, enabled: pending !== null && isOpen(pending), staleTime: 0, refetchInterval: 5_000 });
  const look = async () => {
    const call = await lookFor();
    // Of one that is done nothing is to be shown again, but where the agent has dialled anew.
    if (call && isDone(call) && pending?.repeats) tellThatItRang(pending.key);
    else if (call && isDone(call)) forgetPending();
    else if (call) apply(cache, { kind: 'call.changed', id: '', data: call });
    return null;
  };
  useQuery({ queryKey: [...key, 'call'], queryFn: look, enabled: pending?.state === 'accepted' && !isThere, staleTime: 0, refetchInterval: 10_000, retry: false });
  return isThere ? null : pending;
}

/** A dial without a call yet: that it goes out, or what became of it. */
export function PendingCard({ pending }: { pending: Pending }) {
  const words = useWords();
  const now = useNow();
  const { state } = pending;
  const lost = state === 'unknown';
  const over = hasOutcome(pending);
  const why = refusal(pending, words);
  return (
    <section className="card call-card" aria-label={words.call.calling}>
      <div className="head">
        <h1>{pending.name ?? grouped(pending.number)}</h1>
        {!over && !lost && <time className="clock">{clock(now - pending.at)}</time>}
        {pending.name !== null && <span className="number muted">{grouped(pending.number)}</span>}
      </div>
      {lost ? (
        <div className="body"><Notice tone="warning"><p><strong>{words.call.unknownTitle}</strong></p><p>{words.call.unknownWhy}</p>{pending.reference && <p className="small muted">{words.call.reference(pending.reference)}</p>}</Notice></div>
      ) : over ? (
        <div className="body"><Notice tone={state === 'happened' ? 'warning' : 'bad'} action={<Button small onClick={forgetPending}>{words.close}</Button>}><p><strong>{state === 'happened' ? words.call.didRing : words.call.notRung}</strong></p>{state === 'happened' && pending.repeats && <p>{words.call.earlier}</p>}{why && <p>{why}</p>}{pending.reason === 'dial_open' && pending.reference && <p className="small muted">{words.call.reference(pending.reference)}</p>}</Notice></div>
      ) : (
        <>
          <p className="facts" role="status"><Chip tone="blue">{words.call.calling}</Chip></p>
          {isSilent(pending, now) && <div className="body"><Notice tone="warning" action={<Button small onClick={forgetPending}>{words.close}</Button>}>{words.call.silent}</Notice></div>}
          <div className="controls"><Button tone="bad" className="end" blocked={words.call.calling}><PhoneOff aria-hidden />{words.call.end}</Button></div>
        </>
      )}
    </section>
  );
}
