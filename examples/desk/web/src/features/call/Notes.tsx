import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { sameAgent } from '../../api/agents';
import { at, put } from '../../api/client';
import type { Call } from '../../api/types';
import { Field } from '../../ui/controls';
import { timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';

const AFTER_MS = 500;
const AGAIN_MS = 5_000;

interface Draft { agent: string | null; text: string; saved: string; sending: boolean; typed: boolean; show: ((text: string) => void) | null }

/** What was typed on this page, by call: the form of the call and the one after it are two, and the record is older than both. Each agent's part has its own. */
const drafts = new Map<string, readonly Draft[]>();

const isOfAnother = (draft: Draft, agent: string | null) => draft.agent !== null && agent !== null && !sameAgent(draft.agent, agent);

function draftOf(call: Call): Draft {
  const { ucid, notes, agent } = call;
  const all = drafts.get(ucid) ?? [];
  const kept = all.find((draft) => !isOfAnother(draft, agent));
  if (kept) {
    kept.agent ??= agent;
    return kept;
  }
  const draft = { agent, text: notes, saved: notes, sending: false, typed: false, show: null };
  drafts.set(ucid, [...all, draft]);
  moveInto(call, draft);
  return draft;
}

/** What the agent typed for calls that have become parts of this one goes on in its notes; answers whether there was anything. */
function moveInto({ ucid, ids }: Call, draft: Draft): boolean {
  const before = draft.text;
  for (const id of ids) {
    const all = id === ucid ? [] : drafts.get(id) ?? [];
    const part = all.find((one) => !isOfAnother(one, draft.agent));
    if (!part) continue;
    drafts.set(id, all.filter((one) => one !== part));
    draft.typed ||= part.typed;
    if (!draft.text.includes(part.text)) draft.text = draft.text === '' ? part.text : `${draft.text}\n${part.text}`;
  }
  return draft.text !== before;
}

export const notesOf = (call: Call) => draftOf(call).text;

/** What goes with a disposition: without notes where nobody typed any, and the desk takes the draft that it has of the agent. */
export const notesToSend = (call: Call, notes: string): { notes?: string } => (notes === '' && !draftOf(call).typed ? {} : { notes });

/** Fills in notes, unless there are some, or someone has typed there. */
export function fillNotes(call: Call, text: string) {
  const draft = draftOf(call);
  if (draft.text !== '' || draft.typed || call.notes !== '') return;
  draft.text = text;
  draft.show?.(text);
}

/** Sends what is not kept yet; answers whether there was anything. */
async function keep(ucid: string, draft: Draft): Promise<boolean> {
  const { text, agent } = draft;
  if (draft.sending || text === draft.saved) return false;
  draft.sending = true;
  try {
    await put(at('/api/calls/{ucid}/draft', { ucid }), { notes: text, ...(agent ? { agent } : {}) });
    draft.saved = text;
    return true;
  } finally { draft.sending = false; }
}

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

/** Notes, kept by the desk as they are typed. */
export function Notes({ call, onChange }: { call: Call; onChange?: (text: string) => void }) {
  const words = useWords();
  const { ucid } = call;
  const [draft] = useState(() => draftOf(call));
  const area = useCaret(call);
  const [text, setText] = useState(draft.text);
  const [state, setState] = useState<'' | 'saving' | 'failed' | number>('');
  useEffect(() => {
    const save = () => {
      if (draft.text === draft.saved) return;
      setState('saving');
      keep(ucid, draft).then((sent) => { if (sent) setState(Date.now()); }, () => setState('failed'));
    };
    const timer = setTimeout(save, AFTER_MS);
    const again = setInterval(save, AGAIN_MS);
    return () => { clearTimeout(timer); clearInterval(again); };
  }, [text, draft, ucid]);
  // The form goes: what was typed last goes at once.
  useEffect(() => () => void keep(ucid, draft).catch(() => {}), [ucid, draft]);
  const show = (next: string) => {
    setText(next);
    onChange?.(next);
  };
  useEffect(() => {
    draft.show = show;
    return () => { draft.show = null; };
  });
  const parts = call.ids.length;
  useEffect(() => { if (moveInto(call, draft)) show(draft.text); }, [parts]);
  const type = (next: string) => {
    draft.text = next;
    draft.typed = true;
    show(next);
  };
  const hint = state === 'saving' ? words.call.saving : state === 'failed' ? words.call.notSaved : typeof state === 'number' ? words.call.saved(timeOfDay(state)) : '';
  return <Field label={words.call.notes} hint={hint || ' '}>{(ids) => <textarea {...ids} ref={area} value={text} maxLength={4_000} onChange={(event) => type(event.target.value)} />}</Field>;
}
