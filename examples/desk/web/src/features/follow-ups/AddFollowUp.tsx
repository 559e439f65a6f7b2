import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Call } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useStale } from '../../state';
import { Button, Field, Notice } from '../../ui/controls';
import { sentence, toast } from '../../ui/toasts';
import { momentOf } from '../../words/time';
import { useWords } from '../../words/words';
import { adding } from './adding';

const LONGEST = 500;

/** A promise made in a call: when, and what for. */
export default function AddFollowUp({ call, onDone }: { call: Call; onDone: () => void }) {
  const words = useWords();
  const stale = useStale();
  const cache = useQueryClient();
  const [due, setDue] = useState('');
  const [text, setText] = useState('');
  const [send] = useState(adding);
  const add = useMutation({
    mutationFn: () => send({ dueAt: momentOf(due), number: call.number, text: text.trim(), call: call.ucid }),
    onSuccess: () => { toast('good', words.followUps.added); onDone(); },
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.followUps }),
  });
  const failed = add.error ? sentence(add.error, words) : null;
  return (
    <form className="stack" aria-label={words.disposition.followUp} onSubmit={(event) => { event.preventDefault(); if (due !== '' && !add.isPending) add.mutate(); }}>
      <Field label={words.followUps.at}>{(ids) => <input {...ids} type="datetime-local" value={due} onChange={(event) => setDue(event.target.value)} />}</Field>
      <Field label={words.followUps.what}>{(ids) => <input {...ids} value={text} maxLength={LONGEST} onChange={(event) => setText(event.target.value)} />}</Field>
      {failed && <Notice tone="bad"><p>{failed.title}</p>{failed.text && <p>{failed.text}</p>}</Notice>}
      <div className="row"><Button type="submit" className="end" blocked={stale ? words.reason['stale'] : add.isPending ? words.loading : due === '' ? words.followUps.at : null}>{words.followUps.add}</Button></div>
    </form>
  );
}
