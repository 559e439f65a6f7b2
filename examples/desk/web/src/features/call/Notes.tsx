import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Call } from '../../api/types';
import { Field } from '../../ui/controls';
import { timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import { begun, follow, keep, moveInto, type } from './drafts';

const AFTER_MS = 500;

/** Where the caret was in the notes of a call as their field went: whoever types there goes on in the next one. */
let left: { ids: readonly string[]; from: number; to: number } | null = null;

/** Gives the field of a call's notes the focus that the one before it had. */
function useCaret({ ucid, ids }: Call) {
  const area = useRef<HTMLTextAreaElement>(null);
  const of = useRef(ids);
  of.current = ids.includes(ucid) ? ids : [ucid, ...ids];
  useLayoutEffect(() => {
    const field = area.current;
    const before = left;
    left = null;
    if (field && before && before.ids.some((id) => of.current.includes(id))) {
      field.focus({ preventScroll: true });
      field.setSelectionRange(before.from, before.to);
    }
    return () => {
      if (!field || document.activeElement !== field) return;
      const now = { ids: of.current, from: field.selectionStart, to: field.selectionEnd };
      left = now;
      // It is for what comes in its place at once, and for nothing later.
      queueMicrotask(() => { if (left === now) left = null; });
    };
  }, []);
  return area;
}

/** Notes, kept by the desk as they are typed. While they go along with a disposition, nothing is typed that would not. */
export function Notes({ call, fixed = false, onChange }: { call: Call; fixed?: boolean; onChange?: (text: string) => void }) {
  const words = useWords();
  const [draft] = useState(() => begun(call));
  const area = useCaret(call);
  const [text, setText] = useState(draft.text);
  const [state, setState] = useState(draft.keeping);
  useEffect(() => {
    const timer = setTimeout(() => void keep(draft), AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, draft]);
  // The form goes: what was typed last goes at once.
  useEffect(() => () => void keep(draft), [draft]);
  const show = (next: string) => {
    setText(next);
    onChange?.(next);
  };
  useEffect(() => {
    draft.show = show;
    draft.tell = setState;
    return () => { draft.show = null; draft.tell = null; };
  });
  const parts = call.ids.length;
  useEffect(() => { if (moveInto(call, draft)) show(draft.text); }, [parts]);
  useEffect(() => { if (follow(call, draft) || draft.text !== text) show(draft.text); }, [call.notes]);
  const hint = state === 'saving' ? words.call.saving : state === 'failed' ? words.call.notSaved : typeof state === 'object' ? words.call.notesRefused(state.refused) : typeof state === 'number' ? words.call.saved(timeOfDay(state)) : '';
  return <Field label={words.call.notes} hint={hint || ' '}>{(ids) => <textarea {...ids} ref={area} value={text} readOnly={fixed} maxLength={4_000} onChange={(event) => { type(draft, event.target.value); show(event.target.value); }} />}</Field>;
}
