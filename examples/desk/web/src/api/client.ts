import { Problem, problemOf, unanswered } from './problem';
import type { paths } from './schema';

/** How long the desk may take: it answers within a minute. */
const LIMIT_MS = 65_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type Value = string | number | null | undefined;

export interface Ask<Q = Record<string, Value>> {
  body?: unknown;
  /** What a body is that is sent as it is; without it, it goes as JSON. */
  type?: string;
  query?: Q;
  key?: string;
  /** Goes out even if the page goes. */
  keepalive?: boolean;
  /** Is told the head of the answer, whatever that is. */
  hears?: (headers: Headers) => void;
}

let onSignedOut: () => void = () => {};
/** Called for each 401 of a page that is signed in. */
export function whenSignedOut(listener: () => void) { onSignedOut = listener; }
/** The session is over, as another tab says. */
export const signedOut = () => onSignedOut();

/** The desk's word for a request that reached it as somebody else. */
export const OTHER = 'other_user';
let onOther: () => void = () => {};
/** Called when the desk refused a request since somebody else is signed in by now. */
export function whenOther(listener: () => void) { onOther = listener; }

/** The header, and the name in a query, by which the desk knows whose page asks: the cookie is the browser's. */
const DESK_USER = 'desk-user';
let user: string | null = null;
let isHeld = false;
/** Whose page it is from now on: the desk does nothing of what reaches it as somebody else. */
export function askAs(of: string) {
  user = of;
  isHeld = false;
}
/** Somebody else is signed in: nothing goes out but the question who is, and a password. */
export function hold() { isHeld = true; }
/** An address of the desk's that the browser opens by itself, without a header; it says whose page asks. */
export function ofUser(path: string, query: Record<string, string> = {}, isNamed = true): string {
  const all = new URLSearchParams({ ...(user === null || !isNamed ? {} : { [DESK_USER]: user }), ...query }).toString();
  return all ? `${path}?${all}` : path;
}
/** What is asked whoever is signed in. */
const isFree = (method: Method, path: string) => (method === 'GET' && path === '/api/me') || (method === 'POST' && path === '/api/session');

/** One request to the desk. Never repeated: whoever asks decides. Nor is a question taken back when its part of the page
 * goes: that would ask it again when the part comes back, and what it brings is kept anyway. Throws a `Problem`. */
export async function ask<T>(method: Method, path: string, { body, type: sentAs, query, key, keepalive = false, hears }: Ask = {}): Promise<T> {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries<Value>(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  const headers = new Headers({ accept: 'application/json' });
  if (body !== undefined) headers.set('content-type', sentAs ?? 'application/json');
  if (key !== undefined) headers.set('idempotency-key', key);
  if (!isFree(method, path)) {
    if (isHeld) throw new Problem({ status: 401, message: '', mayHaveHappened: false, reason: OTHER });
    if (user !== null) headers.set(DESK_USER, user);
  }
  let response: Response;
  try {
    response = await fetch(url, {
      method, headers, keepalive, credentials: 'same-origin', cache: 'no-store',
      signal: AbortSignal.timeout(LIMIT_MS),
      ...(body === undefined ? {} : { body: sentAs === undefined ? JSON.stringify(body) : body as BodyInit }),
    });
  } catch {
    throw unanswered(method !== 'GET');
  }
  hears?.(response.headers);
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401) {
      if (problem.body['reason'] === OTHER) onOther();
      else if (path !== '/api/session') onSignedOut();
    }
    throw problem;
  }
  const type = response.headers.get('content-type') ?? '';
  return (type.includes('json') ? await response.json() : null) as T;
}

/** Paths of the document that take a method. */
type PathOf<M extends string> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Operation<P extends keyof paths, M extends string> = paths[P] extends Record<M, infer O> ? O : never;
type Json<R> = R extends { content: { 'application/json': infer T } } ? T : R extends { content?: never } ? null : never;
/** What a path answers when it works. */
type AnswerOf<P extends keyof paths, M extends string> = Operation<P, M> extends { responses: infer R } ? { [S in keyof R]: S extends 200 | 201 | 202 | 204 ? Json<R[S]> : never }[keyof R] : never;
/** What a path is sent. */
type BodyOf<P extends keyof paths, M extends string> = Operation<P, M> extends { requestBody: { content: { 'application/json': infer B } } } ? B : Record<string, never>;

/** What may stand in a path's query; what is empty is left out. */
type QueryOf<P extends keyof paths, M extends string> = Operation<P, M> extends { parameters: { query?: infer Q } } ? { [K in keyof Q]?: Q[K] | '' | null } : never;

/** A path of the document with its parameters filled in. */
declare const of: unique symbol;
export type At<P extends keyof paths> = string & { readonly [of]: P };
type Parameters<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Record<Name, string> & Parameters<Rest> : unknown;

/** Fills in a path's parameters. */
export function at<P extends keyof paths>(path: P, parameters: Parameters<P>): At<P> {
  const given = parameters as Record<string, string>;
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? '')) as At<P>;
}

/** A path of the document as it is, or one with its parameters filled in. */
interface Asks<M extends string> {
  <P extends PathOf<M>>(path: P, more?: Ask<QueryOf<P, M>>): Promise<AnswerOf<P, M>>;
  <P extends PathOf<M>>(path: At<P>, more?: Ask<QueryOf<P, M>>): Promise<AnswerOf<P, M>>;
}
interface Sends<M extends string> {
  <P extends PathOf<M>>(path: P, body: BodyOf<P, M>, more?: Ask): Promise<AnswerOf<P, M>>;
  <P extends PathOf<M>>(path: At<P>, body: BodyOf<P, M>, more?: Ask): Promise<AnswerOf<P, M>>;
}

export const get: Asks<'get'> = (path: string, more?: Ask) => ask<never>('GET', path, more);
export const post: Sends<'post'> = (path: string, body: unknown, more?: Ask) => ask<never>('POST', path, { ...more, body });
export const put: Sends<'put'> = (path: string, body: unknown, more?: Ask) => ask<never>('PUT', path, { ...more, body });
export const patch: Sends<'patch'> = (path: string, body: unknown, more?: Ask) => ask<never>('PATCH', path, { ...more, body });
export const remove: Asks<'delete'> = (path: string, more?: Ask) => ask<never>('DELETE', path, more);

export { Problem };
