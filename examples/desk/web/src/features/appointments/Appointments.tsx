import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CalendarPlus, ChevronDown, ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import { at, remove } from '../../api/client';
import type { Appointment, Call } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useNow, useStale } from '../../state';
import { Button, Chip, Notice } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { dateAndTime, dayAndTime } from '../../words/time';
import { useWords } from '../../words/words';
import { useProfile } from '../customer/query';
import { useLead360, useLeadOf, type Selected } from '../lead/query';
import { BookingForm, inView } from './BookingForm';
import { useAppointments } from './query';
import { relevant } from './slots';
import './appointments.css';

interface Props { call: Call | null; selected: Selected | null; open: boolean; onToggle: () => void }

/** Appointments under the card: what is booked, and a form to book, change or cancel. */
export default function Appointments({ call, selected, open, onToggle }: Props) {
  const words = useWords();
  const id = useId();
  const leadId = useLeadOf(call, selected).id ?? null;
  // A call that was handed on is the colleague's: what is booked now is of the person.
  const ucid = call && !call.part ? call.ucid : null;
  const now = useNow(30_000);
  const list = useAppointments(leadId, ucid);
  const [picked, edit] = useState<Appointment | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const rows = relevant(list.data?.appointments ?? [], ucid, now);
  // The form is about the appointment as it is now, also if someone else changed it meanwhile.
  const edited = rows.find(({ id: one, state }) => one === picked?.id && state === 'booked') ?? null;
  const here = rows.filter((one) => ucid !== null && one.ucid === ucid && one.state === 'booked').length;
  const number = call ? call.number : selected?.number ?? null;
  const lead = useLead360(leadId).data?.lead.name || null;
  const { data: profile } = useProfile(call?.ucid ?? null);
  const name = lead ?? (call ? call.lead?.name || profile?.name || null : selected?.name ?? null);
  return (
    <section className="card appointments" aria-label={words.appointments.title}>
      <h2><button type="button" className="fold" aria-expanded={open} aria-controls={id} onClick={onToggle}>
        <CalendarPlus aria-hidden />{words.appointments.book}{here > 0 && <Chip tone="good">{words.appointments.bookedHere}</Chip>}
        <span className="end">{open ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}</span>
      </button></h2>
      {open && (
        <div className="body stack" id={id}>
          {list.isError && <Notice tone="warning" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{words.appointments.failed}</Notice>}
          {rows.length > 0 && <ul className="booked">{rows.map((one) => <Row key={one.id} one={one} known={name} edited={edited?.id === one.id} onEdit={() => { setDone(null); edit(edited?.id === one.id ? null : one); }} />)}</ul>}
          {list.data && (list.data.more || list.data.unreadable > 0) && <Notice tone="warning">
            {list.data.more && <p>{words.appointments.notAll}</p>}
            {list.data.unreadable > 0 && <p>{words.appointments.unreadable(list.data.unreadable)}</p>}
          </Notice>}
          {edited && picked && edited.version !== picked.version && <Notice tone="warning">{words.appointments.changed}</Notice>}
          {done && <div className="outcome" ref={inView}><Notice tone="good" action={<Button small onClick={() => setDone(null)}>{words.appointments.another}</Button>}>{done}</Notice></div>}
          {done === null && <BookingForm
            key={edited ? `${edited.id} ${edited.version}` : 'new'} edited={edited} to={{ leadId, number, ucid, name }}
            onDone={(one) => { edit(null); setDone(words.appointments.saved(one.doctor, dayAndTime(one.startsAt))); }} onStop={() => edit(null)}
          />}
        </div>
      )}
    </section>
  );
}

/** One that is booked; who is to come, where that is not `known`, whom the page is about. */
function Row({ one, known, edited, onEdit }: { one: Appointment; known: string | null; edited: boolean; onEdit: () => void }) {
  const words = useWords();
  const stale = useStale();
  const cache = useQueryClient();
  const [asks, ask] = useState(false);
  const cancel = useMutation({
    mutationFn: () => remove(at('/api/appointments/{id}', { id: one.id }), { query: { version: one.version } }),
    onError: (problem) => toastProblem(problem, words),
    onSettled: () => { ask(false); return cache.invalidateQueries({ queryKey: KEYS.appointments }); },
  });
  const blocked = stale ? words.reason['stale'] : cancel.isPending ? words.loading : null;
  const standing = one.state === 'booked';
  return (
    <li className="entry">
      <span className="who">
        <strong className={standing ? '' : 'struck'} title={dateAndTime(one.startsAt)}>{dayAndTime(one.startsAt)}</strong>
        <span className="small muted" dir="auto">{[one.name === known ? null : one.name, one.doctor, one.department, one.notes].filter(Boolean).join(' · ')}</span>
      </span>
      {!standing && <Chip>{words.appointments.states[one.state] ?? one.state}</Chip>}
      {standing && !asks && <>
        <Button small aria-pressed={edited} blocked={blocked} onClick={onEdit}>{words.appointments.edit}</Button>
        <Button small blocked={blocked} onClick={() => ask(true)}>{words.appointments.cancel}</Button>
      </>}
      {standing && asks && <>
        <Button small tone="bad" autoFocus blocked={blocked} onClick={() => cancel.mutate()}>{words.appointments.reallyCancel}</Button>
        <Button small onClick={() => ask(false)}>{words.appointments.keep}</Button>
      </>}
    </li>
  );
}
