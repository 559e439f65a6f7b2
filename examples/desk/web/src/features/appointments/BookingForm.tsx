import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { at as path, patch, post } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Appointment, Slot } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useNow, useStale } from '../../state';
import { Button, Field, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { dayOf, daysBefore, timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import { slotsKey, useDepartments, useDoctors, useSlots } from './query';
import { booking, changed, freshSlots, lostBy, ofDay, why, type Person } from './slots';

interface Props { edited: Appointment | null; to: Person; onDone: (one: Appointment) => void; onStop: () => void }

const LONGEST_NOTES = 1_000;
const LONGEST_NAME = 200;
/** What came of it is seen, wherever the page is. */
export const inView = (notice: HTMLElement | null) => notice?.scrollIntoView({ block: 'nearest' });

/** Department, doctor, day, slot. A slot that someone else took meanwhile is told, with what is free now. */
export function BookingForm({ edited, to, onDone, onStop }: Props) {
  const words = useWords();
  const now = useNow(30_000);
  const stale = useStale();
  const cache = useQueryClient();
  const [department, setDepartment] = useState('');
  const [doctor, setDoctor] = useState(edited?.doctorId ?? '');
  const [date, setDate] = useState(() => dayOf(edited?.startsAt ?? Date.now()));
  const [slot, setSlot] = useState(edited?.slotId ?? '');
  const [notes, setNotes] = useState(edited?.notes ?? '');
  // The name that is known may come later: it is there until another one is typed.
  const [typed, setTyped] = useState<string | null>(null);
  const name = typed ?? to.name ?? '';
  const departments = useDepartments();
  // An appointment names its department, not its id.
  const at = department || departments.data?.departments.find(({ name }) => name === edited?.department)?.id || '';
  const doctors = useDoctors(at);
  const slots = useSlots(doctor, date);
  const all = slots.data?.slots ?? [];
  const chosen = all.find(({ id }) => id === slot);
  const free = chosen && why(chosen, now, edited?.slotId ?? null) === null ? chosen : null;
  const save = useMutation({
    mutationFn: () => edited
      ? patch(path('/api/appointments/{id}', { id: edited.id }), changed(edited, slot, notes))
      : post('/api/appointments', booking(to, slot, notes, name)),
    onSuccess: (one) => { setSlot(''); setNotes(''); setTyped(null); onDone(one); },
    onError: (problem) => {
      const fresh = problem instanceof Problem ? freshSlots(problem) : null;
      if (fresh) { cache.setQueryData(slotsKey(doctor, date), { slots: ofDay(fresh, doctor, date) }); setSlot(''); }
    },
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: KEYS.appointments });
      void cache.invalidateQueries({ queryKey: KEYS.lead });
    },
  });
  const lost = save.error instanceof Problem && freshSlots(save.error) !== null ? lostBy(save.error) : null;
  const failed = save.error && !lost ? sentence(save.error, words) : null;
  const nobody = to.leadId === null && to.number === null && !edited;
  const blocked = stale ? words.reason['stale'] : nobody ? words.appointments.noNumber : save.isPending ? words.loading : !free ? words.appointments.chooseSlot : null;
  const change = (set: (value: string) => void) => (event: { target: { value: string } }) => { set(event.target.value); setSlot(''); save.reset(); };
  return (
    <form className="stack" aria-label={edited ? words.appointments.edit : words.appointments.book} onSubmit={(event) => { event.preventDefault(); if (blocked === null) save.mutate(); }}>
      {(departments.isError || doctors.isError) && <Notice tone="warning" action={<Button small onClick={() => { void departments.refetch(); if (at) void doctors.refetch(); }}>{words.retry}</Button>}>{words.appointments.noChoices}</Notice>}
      <div className="row three">
        <Field label={words.appointments.department}>{(ids) => <select {...ids} value={at} onChange={change((value) => { setDepartment(value); setDoctor(''); })}><option value="">{words.appointments.choose}</option>{departments.data?.departments.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</select>}</Field>
        <Field label={words.appointments.doctor}>{(ids) => <select {...ids} value={doctor} disabled={at === ''} onChange={change(setDoctor)}><option value="">{words.appointments.choose}</option>{doctors.data?.doctors.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</select>}</Field>
        <Field label={words.appointments.day}>{(ids) => <input {...ids} type="date" value={date} min={dayOf(now)} onChange={change((value) => setDate((before) => value || before))} />}</Field>
      </div>
      {lost && <div className="outcome" ref={inView}><Notice tone="warning"><p><strong>{words.appointments.lost[lost]}</strong></p><p>{words.appointments.lostWhy}</p></Notice></div>}
      {doctor !== '' && (slots.isError ? <Notice tone="warning" action={<Button small onClick={() => void slots.refetch()}>{words.retry}</Button>}>{words.appointments.noSlotsRead}</Notice>
        : slots.isPending ? <p className="muted" role="status">{words.loading}</p>
        : <Grid slots={all} now={now} own={edited?.slotId ?? null} chosen={slot} onChoose={(id) => { setSlot(id); save.reset(); }} />)}
      {doctor !== '' && slots.isSuccess && !all.some((one) => why(one, now, edited?.slotId ?? null) === null) && (
        <div className="row"><span className="muted grow">{words.appointments.noneFree}</span><Button small onClick={() => change(setDate)({ target: { value: daysBefore(date, -1) } })}>{words.appointments.nextDay}</Button></div>
      )}
      <div className="row three">
        {!edited && <Field label={words.appointments.name} wrong={save.error instanceof Problem ? save.error.field('name') : null}>{(ids) => <input {...ids} autoComplete="off" dir="auto" value={name} maxLength={LONGEST_NAME} onChange={(event) => setTyped(event.target.value)} />}</Field>}
        <Field label={words.appointments.notes}>{(ids) => <input {...ids} value={notes} maxLength={LONGEST_NOTES} onChange={(event) => setNotes(event.target.value)} />}</Field>
      </div>
      {failed && <Notice tone="bad"><p>{failed.title}</p>{failed.text && <p>{failed.text}</p>}</Notice>}
      <div className="row">
        {edited && <Button onClick={onStop}>{words.cancel}</Button>}
        <Button type="submit" tone="primary" className="end" blocked={blocked}>{edited ? words.appointments.save : free ? words.appointments.bookAt(timeOfDay(free.startsAt)) : words.appointments.book}</Button>
      </div>
    </form>
  );
}

function Grid({ slots, now, own, chosen, onChoose }: { slots: readonly Slot[]; now: number; own: string | null; chosen: string; onChoose: (id: string) => void }) {
  const words = useWords();
  return (
    <fieldset>
      <legend className="small muted">{words.appointments.slots}</legend>
      <div className="slots">
        {slots.map((slot) => {
          const off = why(slot, now, own);
          return (
            <label key={slot.id} className={off ?? ''} title={off ? words.appointments.off[off] : undefined}>
              <input type="radio" name="slot" className="only-read" value={slot.id} disabled={off !== null} checked={off === null && chosen === slot.id} onChange={() => onChoose(slot.id)} />
              <time>{timeOfDay(slot.startsAt)}</time>{off && <span className="only-read"> {words.appointments.off[off]}</span>}
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
