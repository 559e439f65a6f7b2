import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { at, post } from '../../api/client';
import { Problem } from '../../api/problem';
import { KEYS } from '../../live/cache';
import { useStale } from '../../state';
import { Button, Field, Notice } from '../../ui/controls';
import { Dialog } from '../../ui/Dialog';
import { sentence, toast } from '../../ui/toasts';
import { grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { filled, useTemplates } from './query';

const LONGEST_SMS = 1_000;
const LONGEST_VALUE = 500;

/** A message to a lead. It is sent once: where nobody knows whether it went out, that is said, and it is not sent again. */
export default function MessageDialog({ channel, lead, onClose }: { channel: 'whatsapp' | 'sms'; lead: { id: string; name: string | null; number: string }; onClose: () => void }) {
  const words = useWords();
  const stale = useStale();
  const cache = useQueryClient();
  const templates = useTemplates();
  const [template, choose] = useState('');
  const [values, setValues] = useState<readonly string[]>([]);
  const [text, setText] = useState('');
  const key = useRef(crypto.randomUUID());
  // Two clicks come faster than the button is drawn blocked.
  const going = useRef(false);
  const chosen = templates.data?.whatsapp.find(({ id }) => id === template) ?? null;
  const params = Array.from({ length: chosen?.params ?? 0 }, (_, n) => values[n] ?? '');
  const body = { channel, ...(channel === 'sms' ? { text: text.trim() } : { template, params: params.map((value) => value.trim()) }) };
  const send = useMutation({
    mutationFn: () => post(at('/api/leads/{id}/messages', { id: lead.id }), body, { key: key.current }),
    onSuccess: ({ state }) => {
      if (state !== 'sent') return;
      toast('good', words.messages.sent(lead.name || grouped(lead.number)));
      onClose();
    },
    // What was certainly not sent is another wish when it is sent again.
    onError: (problem) => { if (problem instanceof Problem && !problem.mayHaveHappened) key.current = crypto.randomUUID(); },
    onSettled: () => { going.current = false; return cache.invalidateQueries({ queryKey: KEYS.lead }); },
  });
  const unknown = send.data ? send.data.state === 'unknown' : send.error instanceof Problem && send.error.mayHaveHappened;
  const failed = send.error && !unknown ? sentence(send.error, words) : null;
  const lacking = channel === 'sms' ? text.trim() === '' : !chosen || params.some((value) => value.trim() === '');
  const blocked = stale ? words.reason['stale'] : unknown ? words.messages.doNotRepeat : send.isPending ? words.loading : lacking ? words.messages.fill : null;
  return (
    <Dialog open title={channel === 'sms' ? words.worklist.sms : words.worklist.whatsapp} onClose={onClose} footer={<>
      <Button onClick={onClose}>{words.cancel}</Button>
      <Button tone="primary" blocked={blocked} onClick={() => { if (!going.current) { going.current = true; send.mutate(); } }}>{words.messages.send}</Button>
    </>}>
      <p>{lead.name && <><bdi>{lead.name}</bdi> · </>}<span className="number">{grouped(lead.number)}</span></p>
      {channel === 'sms'
        ? <Field label={words.messages.text} hint={`${text.length} / ${LONGEST_SMS}`}>{(ids) => <textarea {...ids} value={text} maxLength={LONGEST_SMS} onChange={(event) => setText(event.target.value)} />}</Field>
        : <>
          <Field label={words.messages.template}>{(ids) => <select {...ids} value={template} onChange={(event) => { choose(event.target.value); setValues([]); }}><option value="">{words.messages.choose}</option>{templates.data?.whatsapp.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</select>}</Field>
          {params.map((value, n) => <Field key={n} label={words.messages.param(n + 1)}>{(ids) => <input {...ids} value={value} maxLength={LONGEST_VALUE} onChange={(event) => setValues(params.map((kept, k) => k === n ? event.target.value : kept))} />}</Field>)}
          {chosen?.text && <p className="preview" dir="auto">{filled(chosen.text, params)}</p>}
        </>}
      {unknown && <Notice tone="warning"><p><strong>{words.messages.unknown}</strong></p><p>{words.messages.doNotRepeat}</p></Notice>}
      {send.data && !unknown && <Notice tone="bad">{words.messages.states[send.data.state] ?? send.data.state}</Notice>}
      {failed && <Notice tone="bad"><p>{failed.title}</p>{failed.text && <p>{failed.text}</p>}</Notice>}
    </Dialog>
  );
}
