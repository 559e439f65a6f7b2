import { Problem, problemOf, unanswered } from './problem';

/** How long the desk may take: it answers within a minute. */
const LIMIT_MS = 65_000;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Ask {
  body?: unknown;
  query?: Record<string, string | number | null | undefined>;
  key?: string;
  signal?: AbortSignal;
}

let onSignedOut: () => void = () => {};
/** Called for each 401 of a page that is signed in. */
export function whenSignedOut(listener: () => void) { onSignedOut = listener; }

/** One request to the desk. Never repeated: whoever asks decides. Throws a `Problem`. */
export async function ask<T>(method: Method, path: string, { body, query, key, signal }: Ask = {}): Promise<T> {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  const headers = new Headers({ accept: 'application/json' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (key !== undefined) headers.set('idempotency-key', key);
  const limit = AbortSignal.timeout(LIMIT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method, headers, credentials: 'same-origin', cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unanswered(method !== 'GET');
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && path !== '/api/session') onSignedOut();
    throw problem;
  }
  const type = response.headers.get('content-type') ?? '';
  return (type.includes('json') ? await response.json() : null) as T;
}

export const get = <T>(path: string, more?: Ask) => ask<T>('GET', path, more);
export const post = <T>(path: string, body: unknown = {}, more?: Ask) => ask<T>('POST', path, { ...more, body });
export const put = <T>(path: string, body: unknown) => ask<T>('PUT', path, { body });
export const patch = <T>(path: string, body: unknown) => ask<T>('PATCH', path, { body });
export const remove = <T>(path: string) => ask<T>('DELETE', path);

export { Problem };
