/**
 * A customer's profile as the page shows it: pure. What it says is somebody else's text, so it is read as data, cut to
 * size and shown as text, whatever it holds.
 */
export interface Turn { who: 'customer' | 'assistant' | 'other'; role: string; text: string; at: number | null }
export interface Activity { kind: string; action: string | null; title: string; date: string | null; at: number | null; result: string | null }
export interface Profile {
  name: string | null; phone: string | null; email: string | null; notes: string | null;
  turns: Turn[]; activities: Activity[];
  /** Everything else that is a plain value, by its own name. */
  more: [string, string][];
}

const LONGEST = 4_000;
const MOST_TURNS = 500;
const MOST_ACTIVITIES = 50;
const MOST_MORE = 20;
const UNKNOWN = 'Unknown Caller';
/** Shown in a place of their own, or for no eyes. */
const SHOWN = new Set(['name', 'phone', 'email', 'notes', 'conversation_history', 'activities', 'extension', 'voice_pin']);
/** What programs know a thing by is of no use to a person. */
const IS_ID = /(^|_)s?id$/;

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields | null => value !== null && typeof value === 'object' && !Array.isArray(value) ? value as Fields : null;
const list = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : [];

/** Text without control characters and without marks that turn the direction of what stands beside it. */
export function plain(value: unknown): string | null {
  const text = typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  const clean = text.slice(0, LONGEST).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '').trim();
  return clean === '' || clean === 'N/A' ? null : clean;
}

/** A moment in milliseconds; none for a text that names no zone, since it could be any. */
export function moment(value: unknown): number | null {
  const n = typeof value === 'number' ? value : typeof value === 'string' && /^\d{9,14}(\.\d+)?$/.test(value) ? Number(value) : null;
  if (n !== null) return !Number.isFinite(n) || n < 1e8 ? null : n < 1e11 ? Math.round(n * 1_000) : Math.round(n);
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/i.test(value)) return null;
  const at = Date.parse(value);
  return Number.isFinite(at) ? at : null;
}

function turnOf(value: unknown): Turn[] {
  const turn = fields(value);
  const text = plain(turn?.['content']);
  if (!turn || text === null) return [];
  const role = plain(turn['role']) ?? '';
  return [{ who: role === 'user' ? 'customer' : role === 'assistant' ? 'assistant' : 'other', role, text, at: moment(turn['timestamp']) }];
}

function activityOf(value: unknown): Activity[] {
  const one = fields(value);
  if (!one) return [];
  const kind = plain(one['activity_type']) ?? plain(one['type']) ?? '';
  const title = plain(one['title']) ?? plain(one['tool']);
  const result = plain(one['result']);
  if (title === null && result === null) return [];
  return [{ kind, action: plain(one['action']) ?? plain(one['status']), title: title ?? kind, date: plain(one['date']), at: moment(one['timestamp']), result }];
}

/** `account_status` as a heading: `Account status`. */
export function named(key: string): string {
  const text = (plain(key) ?? '').replaceAll('_', ' ').slice(0, 60);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The profile of an answer; `null` if nothing is known of the caller, which is an answer as well. */
export function profileOf(body: unknown): Profile | null {
  const from = fields(body);
  if (!from) return null;
  const name = plain(from['name']);
  const turns = list(from['conversation_history']).slice(-MOST_TURNS).flatMap(turnOf);
  const activities = list(from['activities']).slice(-MOST_ACTIVITIES).flatMap(activityOf);
  if ((name === null || name === UNKNOWN) && turns.length === 0 && activities.length === 0) return null;
  const more = Object.entries(from).flatMap(([key, value]): [string, string][] => {
    const text = SHOWN.has(key) || IS_ID.test(key) ? null : plain(value);
    return text === null ? [] : [[named(key), text]];
  });
  return {
    name: name === UNKNOWN ? null : name, phone: plain(from['phone']), email: plain(from['email']), notes: plain(from['notes']),
    turns, activities, more: more.slice(0, MOST_MORE),
  };
}
