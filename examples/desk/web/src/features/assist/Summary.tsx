import { useQuery } from '@tanstack/react-query';
import { Sparkles } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Call } from '../../api/types';
import { useMe } from '../../state';
import { Chip } from '../../ui/controls';
import { fillNotes, notesOf } from '../call/drafts';
import { callSummary, leadSummary } from './desk';
import { useStanding } from './store';
import { useAssistWords } from './words';
import './assist.css';

/** Written once for whoever is looked at, not again with each click. */
const KEPT_MS = 600_000;

/** The lead in two sentences, on the preparation card: there within three seconds, or not at all. */
export function LeadSummary({ leadId }: { leadId: string }) {
  const words = useAssistWords();
  const { data, isPending } = useQuery({ queryKey: ['assist', 'lead', leadId], queryFn: () => leadSummary(leadId), staleTime: KEPT_MS, gcTime: KEPT_MS, retry: false });
  const { data: me } = useMe();
  if (!data && !isPending) return null;
  const isMadeUp = me?.assist?.standIn ?? false;
  const why = isMadeUp ? words.summary.standIn : words.summary.why;
  return (
    <div className="in-short" role="group" aria-label={words.summary.title} aria-busy={isPending}>
      <span title={why}><Chip tone="blue"><Sparkles aria-hidden />{words.summary.generated}{!isMadeUp && <span className="only-read">. {why}</span>}</Chip>{isMadeUp && <span className="small muted"> {why}</span>}</span>
      {data ? <p dir="auto">{data.text}</p> : <p className="muted">{words.summary.waits}</p>}
    </div>
  );
}

/** It takes a while to be written, and the desk says when it is; where that was not heard it is asked for again. */
const ASKED_AFTER_MS = [0, 6_000, 15_000];

/** Fills in notes that nobody has begun, and says so for as long as they are as they were filled in. */
export function NotesFill({ call }: { call: Call }) {
  const words = useAssistWords();
  const standing = useStanding(call);
  const { data: me } = useMe();
  const there = standing !== null;
  const written = standing?.reason === 'summary';
  const [text, setText] = useState<string | null>(null);
  const { ucid } = call;
  useEffect(() => {
    if (!there || text !== null) return;
    let gone = false;
    const timers = ASKED_AFTER_MS.map((after) => setTimeout(() => {
      callSummary(ucid).then((summary) => {
        if (gone || !summary) return;
        timers.forEach(clearTimeout);
        setText(summary.text);
      }, () => {});
    }, after));
    return () => { gone = true; timers.forEach(clearTimeout); };
  }, [ucid, there, written, text]);
  useEffect(() => { if (text !== null) fillNotes(call, text); }, [text, call]);
  if (text === null || notesOf(call) !== text) return null;
  return <p className="filled small" role="status"><Chip tone="blue"><Sparkles aria-hidden />{words.summary.generated}</Chip> {words.notes.filled}{me?.assist?.standIn && ` ${words.summary.standIn}`}</p>;
}
