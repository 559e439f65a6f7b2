/** What was typed on this page, by call. It is kept by the desk as it is typed, and tried again until it is, whatever is on the page and over a reload. */
import { sameAgent } from '../../api/agents';
import { at, get, put } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Call } from '../../api/types';

const AGAIN_MS = 5_000;
const KEPT = 'desk-notes';

/** When it was kept, or why it is not: what the desk says of it, where it was refused. */
export type Keeping = '' | 'saving' | 'failed' | { refused: string } | number;
export interface Draft {
  readonly ucid: string;
  agent: string | null;
  text: string;
  /** What the desk has. */
  saved: string;
  /** What it refused, which is not sent again. */
  refused: string | null;
  sending: boolean;
  typed: boolean;
  /** It waited in the tab: what the desk has may be newer than what it had then. */
  waited: boolean;
  keeping: Keeping;
  show: ((text: string) => void) | null;
  tell: ((keeping: Keeping) => void) | null;
}

/** By call: the form of the call and the one after it are two, and the record is older than both. Each agent's part has its own. */
const drafts = new Map<string, readonly Draft[]>();
const all = () => [...drafts.values()].flat();
/** Whose notes these are. Those of others wait in the tab for them: nothing is sent as somebody else. */
let user: string | null = null;
let isPaused = false;
/** The page goes: what it left in the tab's storage is no more written by what ends later. */
let isAside = false;
const place = () => (user === null ? KEPT : `${KEPT}:${user}`);
/** Whether a name in the tab's storage is one under which notes wait. */
export const isNotesPlace = (name: string) => name.startsWith(KEPT);
const isUnkept = ({ text, saved }: Draft) => text !== saved;
const waits = (draft: Draft) => isUnkept(draft) && draft.text !== draft.refused;

const made = (ucid: string, agent: string | null, text: string, saved: string, typed = false): Draft => ({ ucid, agent, text, saved, refused: null, sending: false, typed, waited: false, keeping: '', show: null, tell: null });
const isOfAnother = (draft: Draft, agent: string | null) => draft.agent !== null && agent !== null && !sameAgent(draft.agent, agent);

function draftOf(call: Call): Draft {
  const { ucid, notes, agent } = call;
  const known = drafts.get(ucid) ?? [];
  const kept = known.find((draft) => !isOfAnother(draft, agent));
  if (kept) {
    kept.agent ??= agent;
    return kept;
  }
  const draft = made(ucid, agent, notes, notes);
  drafts.set(ucid, [...known, draft]);
  moveInto(call, draft);
  return draft;
}

/** What was typed for the call in another tab, where nothing was in this one; answers whether there was anything. */
export function follow({ notes }: Call, draft: Draft): boolean {
  if (draft.typed || draft.text !== draft.saved || notes === '' || notes === draft.saved) return false;
  draft.text = notes;
  draft.saved = notes;
  return true;
}

/** What the agent typed for calls that have become parts of this one goes on in its notes; answers whether there was anything. */
export function moveInto({ ucid, ids }: Call, draft: Draft): boolean {
  const before = draft.text;
  for (const id of ids) {
    const known = id === ucid ? [] : drafts.get(id) ?? [];
    const part = known.find((one) => !isOfAnother(one, draft.agent));
    if (!part) continue;
    drafts.set(id, known.filter((one) => one !== part));
    draft.typed ||= part.typed;
    if (!draft.text.includes(part.text)) draft.text = draft.text === '' ? part.text : `${draft.text}\n${part.text}`;
  }
  return draft.text !== before;
}

/** The draft of a call as a form begins with it. */
export function begun(call: Call): Draft {
  const draft = draftOf(call);
  follow(call, draft);
  return draft;
}

export const notesOf = (call: Call) => begun(call).text;

/**
 * What goes with a disposition: nothing where all that is shown is what the desk has, which takes the draft that it has of
 * the agent: it may be newer. What was said once is no draft.
 */
export function notesToSend(call: Call, notes: string): { notes?: string } {
  const { typed, saved } = draftOf(call);
  return typed || notes !== saved || (notes !== '' && call.disposition !== null) ? { notes } : {};
}

/** Fills in notes, unless there are some, or someone has typed there. */
export function fillNotes(call: Call, text: string) {
  const draft = draftOf(call);
  if (draft.text !== '' || draft.typed || call.notes !== '') return;
  draft.text = text;
  draft.show?.(text);
}

export function type(draft: Draft, text: string) {
  draft.text = text;
  draft.typed = true;
  remember();
}

type Left = Pick<Draft, 'ucid' | 'agent' | 'text' | 'saved'>;

function leave(left: readonly Left[]) {
  if (left.length > 0) sessionStorage.setItem(place(), JSON.stringify(left)); else sessionStorage.removeItem(place());
}

function leftBefore(): Left[] {
  try { return JSON.parse(sessionStorage.getItem(place()) ?? '[]') as Left[]; } catch { return []; }
}

/** Of what is typed and not kept yet, a reload keeps a copy. */
function remember() {
  if (!isAside) leave(all().filter(isUnkept).map(({ ucid, agent, text, saved }) => ({ ucid, agent, text, saved })));
}

/** The page goes, and the desk has a text of which the tab keeps a copy: that one waits no more. */
function takeOut({ ucid, agent }: Draft, text: string) {
  leave(leftBefore().filter((one) => one.ucid !== ucid || one.agent !== agent || one.text !== text));
}

/** What waited goes after what the desk has by now, where that is not what it was as this was typed: another tab typed it since. */
async function meet(draft: Draft) {
  const { agent, part, notes } = await get(at('/api/calls/{ucid}', { ucid: draft.ucid }));
  draft.waited = false;
  const isOwn = draft.agent === null || sameAgent(agent, draft.agent) || sameAgent(part?.agent, draft.agent);
  if (!isOwn || notes === draft.saved) return;
  draft.saved = notes;
  if (notes.includes(draft.text)) draft.text = notes;
  else if (!draft.text.includes(notes)) draft.text = `${notes}\n${draft.text}`;
  draft.show?.(draft.text);
}

function is(draft: Draft, keeping: Keeping) {
  draft.keeping = keeping;
  draft.tell?.(keeping);
}

const send = ({ ucid, agent }: Draft, text: string, keepalive = false) => put(at('/api/calls/{ucid}/draft', { ucid }), { notes: text, ...(agent ? { agent } : {}) }, { keepalive });

/** Whether it would be refused again: it is not that nobody was there, or that somebody has to sign in first. */
const isRefusal = (error: unknown): error is Problem => error instanceof Problem && error.status >= 400 && error.status < 500 && ![401, 408, 425, 429].includes(error.status);

/** What is being sent. */
const going = new Set<Promise<void>>();

/** Sends what is not kept yet. What fails is sent again by and by. */
export async function keep(draft: Draft): Promise<void> {
  if (isPaused || draft.sending || !waits(draft)) return;
  const sent = sendOnce(draft).finally(() => going.delete(sent));
  going.add(sent);
  await sent;
}

async function sendOnce(draft: Draft): Promise<void> {
  let { text } = draft;
  draft.sending = true;
  is(draft, 'saving');
  try {
    if (draft.waited) await meet(draft);
    text = draft.text;
    if (text !== draft.saved) await send(draft, text);
    draft.saved = text;
    if (isAside) takeOut(draft, text);
    is(draft, Date.now());
  } catch (error) {
    if (isRefusal(error)) draft.refused = text;
    is(draft, isRefusal(error) ? { refused: error.body.message } : 'failed');
  } finally { draft.sending = false; }
  remember();
  if (waits(draft)) again();
}

let timer: ReturnType<typeof setTimeout> | null = null;
function again() {
  timer ??= setTimeout(() => {
    timer = null;
    for (const draft of all()) void keep(draft);
  }, AGAIN_MS);
}

/** The page goes: what is not kept goes out at once, since no answer to that is heard any more. What waited waits on. */
export function leaveDrafts() {
  if (isPaused) return;
  for (const draft of all()) if (waits(draft) && !draft.waited) void send(draft, draft.text, true).catch(() => {});
}

/** Whether something could not be kept, and would be lost with the tab: also what was refused, while it can be typed anew. */
export const hasLostDrafts = () => all().some((draft) => (draft.keeping === 'failed' && waits(draft)) || (typeof draft.keeping === 'object' && isUnkept(draft) && draft.tell !== null));

/** Sends all that is not kept yet, and answers whether everything is kept now. */
export async function keepAll(): Promise<boolean> {
  await Promise.all(going);
  await Promise.all(all().map(keep));
  return !all().some(isUnkept);
}

/** What went with a disposition is kept. */
export function wentAlong(call: Call, notes: string) {
  const draft = draftOf(call);
  if (draft.text !== notes) return;
  draft.saved = notes;
  remember();
}

/** What was typed is of whoever was signed in, and is forgotten with them. */
export function forgetDrafts() {
  drafts.clear();
  remember();
}

/** Somebody else may be signed in: nothing is sent until whoever typed it is back. */
export function pauseDrafts() { isPaused = true; }

/** The page is somebody else's from now on: what was typed and not kept waits in the tab for whoever typed it. */
export function putDraftsAside() {
  isPaused = true;
  isAside = true;
  drafts.clear();
}

/** What the page before it could not keep: once whoever typed it is signed in. */
export function resumeDrafts(of: string | null = null) {
  user = of;
  isPaused = false;
  isAside = false;
  // What was refused meanwhile may have been sent as somebody else: once more does no harm.
  for (const draft of all()) draft.refused = null;
  if (all().some(waits)) again();
  for (const { ucid, agent, text, saved } of leftBefore()) {
    const known = drafts.get(ucid) ?? [];
    if (known.some((draft) => !isOfAnother(draft, agent))) continue;
    const draft = { ...made(ucid, agent, text, saved, true), waited: true };
    drafts.set(ucid, [...known, draft]);
    void keep(draft);
  }
}
