import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { get } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Call, Disposed } from '../../api/types';
import { useAssist } from '../../assist';
import { useNow, useStale } from '../../state';
import { Part } from '../../ui/Broken';
import { lazily } from '../../ui/lazily';
import { Button, Chip, Field, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { clock, grouped } from '../../words/time';
import { outcomeIn, useWords } from '../../words/words';
import { Notes } from '../call/Notes';
import { notesOf } from '../call/drafts';
import { useShortcuts } from '../call/shortcuts';
import { wantsAnother } from '../desk/subject';
import { suggested } from '../appointments/slots';
import { useCustomerName } from '../customer/query';
import { asksCallBack } from './callback';
import { enterSends, isByHand, useQuiet } from './quiet';
import { saving } from './saving';

const AddFollowUp = lazily(() => import('../follow-ups/AddFollowUp'));

/** After the call: how it ended, the notes, and the way back. */
export function AfterCall({ call, onBack, onBook }: { call: Call; onBack: () => void; onBook: () => void }) {
  const words = useWords();
  const name = useCustomerName(call);
  // How long we talked: after a transfer the others go on without us.
  const over = call.transferred ? call.wrapup?.startedAt ?? null : call.endedAt;
  const since = call.answeredAt !== null && over !== null ? clock(over - call.answeredAt) : null;
  return (
    <section className="card call-card" aria-label={words.call.afterCall}>
      <div className="head">
        <h1 dir="auto">{name ?? (call.number ? grouped(call.number) : call.masked || words.withheld)}</h1>
        {since && <span className="clock">{since}</span>}
        {name !== null && <span className="number muted">{call.number ? grouped(call.number) : call.masked}</span>}
      </div>
      <p className="facts"><Chip tone="warning">{words.call.afterCall}</Chip>{call.outcome && call.outcome !== 'in_progress' && <Chip>{outcomeIn(words, call.outcome)}</Chip>}{call.transferred && <Chip>{words.call.transferred}</Chip>}</p>
      {call.wrapup && !call.disposition && (call.phase === 'after_call' || call.wrapup.overrun) && <Clock wrapup={call.wrapup} />}
      {call.disposition && wantsAnother(call) && <div className="body"><Became disposed={call.disposition} /></div>}
      {call.disposition && !wantsAnother(call)
        ? <Done call={call} disposed={call.disposition} onBack={onBack} onBook={onBook} />
        : <Choose key={call.disposition?.at} call={call} onBack={onBack} />}
    </section>
  );
}

/** The time of after-call work: what is left of the campaign's limit, or how long it has taken where none is known. */
function Clock({ wrapup }: { wrapup: NonNullable<Call['wrapup']> }) {
  const words = useWords();
  const now = useNow(500);
  if (wrapup.overrun) return <div className="body"><Notice tone="warning">{words.disposition.ranOut(wrapup.limitSec)}</Notice></div>;
  if (wrapup.limitSec === null) return <p className="small muted numeric" style={{ padding: '0 16px 10px' }}>{words.disposition.soFar(clock(now - wrapup.startedAt))}</p>;
  const limit = wrapup.limitSec * 1000;
  const left = wrapup.startedAt + limit - now;
  const seconds = Math.ceil(Math.abs(left) / 1000);
  return (
    <div style={{ padding: '0 16px 10px' }}>
      <div className={`countdown ${left < 0 ? 'over' : ''}`} aria-hidden><div style={{ width: `${Math.max(0, Math.min(100, left < 0 ? 100 : (left / limit) * 100))}%` }} /></div>
      <p className={`small numeric ${left < 0 ? '' : 'muted'}`}>{left < 0 ? words.disposition.overrun(seconds) : words.disposition.wrapUp(seconds)}</p>
    </div>
  );
}

/** The list, the notes, and Save. What is given for another agent is filled in from nowhere. */
export function Choose({ call, isOwn = true, onBack, onSaved }: { call: Call; isOwn?: boolean; onBack: () => void; onSaved?: () => void }) {
  const words = useWords();
  const stale = useStale();
  const list = useQuery({ queryKey: ['dispositions', call.campaign], queryFn: () => get('/api/dispositions', { query: { campaign: call.campaign } }), staleTime: 300_000 });
  const choices = list.data?.dispositions ?? [];
  const [picked, setCode] = useState<string | null>(null);
  const code = suggested(picked, call.booked, choices);
  const [callBackAt, setCallBackAt] = useState('');
  const [notes, typed] = useState(() => notesOf(call));
  const key = useRef(crypto.randomUUID());
  const assist = useAssist();
  const save = useMutation(saving(call, key.current, onSaved));
  const submit = () => { if (code && !save.isPending && !stale) save.mutate({ code, notes, callBackAt }); };
  const swallowed = useQuiet();
  // Once is enough: who presses it again means it.
  const enter = () => { if (enterSends(picked, swallowed.current)) submit(); else swallowed.current = false; };
  useShortcuts({ ...Object.fromEntries(choices.slice(0, 9).map((choice, at) => [String(at + 1), () => setCode(choice.code)])), enter: code ? enter : null });
  const form = useRef<HTMLFormElement>(null);
  /** Save itself was pressed: Enter in a field of the form clicks it as well. */
  const pressed = useRef(false);
  useEffect(() => {
    // Whoever types goes on typing.
    if (document.activeElement?.closest('textarea, select, input:not([type=radio])')) return;
    const radio = (which: string) => form.current?.querySelector<HTMLInputElement>(`input[type=radio]${which}`);
    (radio(':checked') ?? radio(''))?.focus();
  }, [choices.length]);
  const error = save.error ? sentence(save.error, words) : null;
  return (
    <form ref={form} className="body" onSubmit={(event) => { event.preventDefault(); if (pressed.current) submit(); else enter(); pressed.current = false; }}>
      <fieldset>
        <legend><h2>{words.disposition.title}</h2></legend>
        {list.isError && <Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{words.disposition.none}</Notice>}
        {list.isPending && <p className="muted">{words.loading}</p>}
        {picked === null && code !== '' && <p className="small muted">{words.disposition.suggested}</p>}
        <div className="choices">
          {choices.map((choice, at) => (
            <label key={choice.code}>
              <input type="radio" name="disposition" value={choice.code} checked={code === choice.code} onChange={() => setCode(choice.code)}
                onKeyDown={(event) => { const pick = choices[Number(event.key) - 1]; if (pick && !event.ctrlKey) { event.preventDefault(); setCode(pick.code); } }} />
              {choice.label ?? choice.name}{at < 9 && <kbd aria-hidden>{at + 1}</kbd>}
            </label>
          ))}
        </div>
      </fieldset>
      {asksCallBack(code) && <Field label={words.disposition.callBackAt} wrong={save.error instanceof Problem ? save.error.field('callBackAt') : null}>{(ids) => <input {...ids} type="datetime-local" value={callBackAt} onChange={(event) => setCallBackAt(event.target.value)} />}</Field>}
      <Notes call={call} fixed={save.isPending} onChange={typed} />
      {assist && isOwn && !call.part && <assist.NotesFill call={call} />}
      {error && <Notice tone="bad"><p>{error.title}</p>{error.text && <p>{error.text}</p>}</Notice>}
      <div className="row">{(onSaved || call.phase === 'closed' || call.disposition !== null) && <Button onClick={onBack}>{onSaved ? words.cancel : words.disposition.back}</Button>}<Button type="submit" tone="primary" className="end" onClick={(event) => { pressed.current = isByHand(event.detail, event.currentTarget, document.activeElement); }} blocked={stale ? words.reason['stale'] : code === '' ? words.disposition.choose : save.isPending ? words.loading : null}>{words.disposition.submit}</Button></div>
    </form>
  );
}

/** What became of it, for each place that has to know. */
function Became({ disposed }: { disposed: Disposed }) {
  const words = useWords();
  const targets = Object.entries(disposed.targets);
  const bad = targets.filter(([, state]) => ['overtaken', 'refused', 'given_up'].includes(state));
  const waits = targets.some(([, state]) => state === 'pending');
  return (
    <Notice tone={bad.length > 0 ? 'warning' : waits ? 'blue' : 'good'}>
      <p><strong>{disposed.name}</strong></p>
      {waits && <p>{words.disposition.queued}</p>}
      {!waits && bad.length === 0 && <p>{words.disposition.saved}</p>}
      {bad.map(([target, state]) => <p key={target}>{words.disposition.target[target] ?? target}: {words.disposition.targets[state]}</p>)}
    </Notice>
  );
}

/** It is given, and what may follow. */
function Done({ call, disposed, onBack, onBook }: { call: Call; disposed: Disposed; onBack: () => void; onBook: () => void }) {
  const words = useWords();
  const [adds, add] = useState(false);
  return (
    <div className="body">
      <Became disposed={disposed} />
      {adds && <Part><AddFollowUp call={call} onDone={() => add(false)} /></Part>}
      <div className="row">
        <Button onClick={onBook}>{words.appointments.book}</Button>
        {call.number !== null && <Button aria-expanded={adds} onClick={() => add(!adds)}>{words.disposition.followUp}</Button>}
        <Button tone="primary" autoFocus className="end" onClick={onBack}>{words.disposition.back}</Button>
      </div>
    </div>
  );
}
