import { useEffect, useRef, useState } from 'react';
import { at, put } from '../../api/client';
import type { Call } from '../../api/types';
import { Field } from '../../ui/controls';
import { timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';

const AFTER_MS = 500;

/** What was typed on this page, by call: the form of the call and the one after it are two, and the record is older than both. */
const typed = new Map<string, string>();

export const notesOf = (call: Call) => typed.get(call.ucid) ?? call.notes;

/** Notes, kept by the desk as they are typed. */
export function Notes({ call, onChange }: { call: Call; onChange?: (text: string) => void }) {
  const words = useWords();
  const { ucid } = call;
  const [text, setText] = useState(() => notesOf(call));
  const [state, setState] = useState<'' | 'saving' | 'failed' | number>('');
  const latest = useRef({ text, saved: call.notes });
  const save = useRef(async () => {
    const { text: now, saved } = latest.current;
    if (now === saved) return;
    setState('saving');
    try {
      await put(at('/api/calls/{ucid}/draft', { ucid }), { notes: now });
      latest.current.saved = now;
      setState(Date.now());
    } catch { setState('failed'); }
  });
  useEffect(() => {
    latest.current.text = text;
    if (text !== latest.current.saved || typed.has(ucid)) typed.set(ucid, text);
    onChange?.(text);
    const timer = setTimeout(() => void save.current(), AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, onChange, ucid]);
  useEffect(() => {
    const again = setInterval(() => { if (latest.current.text !== latest.current.saved) void save.current(); }, 5_000);
    const saveNow = save.current;
    return () => { clearInterval(again); void saveNow(); };
  }, []);
  const hint = state === 'saving' ? words.call.saving : state === 'failed' ? words.call.notSaved : typeof state === 'number' ? words.call.saved(timeOfDay(state)) : '';
  return <Field label={words.call.notes} hint={hint || ' '}>{(ids) => <textarea {...ids} value={text} maxLength={4_000} onChange={(event) => setText(event.target.value)} />}</Field>;
}
