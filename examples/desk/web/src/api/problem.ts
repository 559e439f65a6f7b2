/** What the desk says when something did not work: RFC 9457, with a sentence to show. */
export interface ProblemBody {
  status: number;
  message: string;
  mayHaveHappened: boolean;
  instance?: string;
  errors?: { path: string; text: string }[];
  [extra: string]: unknown;
}

/** A request that failed. `mayHaveHappened` decides what may be offered next: nothing is repeated by itself. */
export class Problem extends Error {
  constructor(readonly body: ProblemBody, readonly retryAfterSec: number | null = null) {
    super(body.message);
    this.name = 'Problem';
  }

  get status() { return this.body.status; }
  get mayHaveHappened() { return this.body.mayHaveHappened; }

  /** The text for one field of a form. */
  field(path: string): string | null {
    return this.body.errors?.find((error) => error.path === path)?.text ?? null;
  }
}

/** The problem of an answer, whatever its body is. */
export async function problemOf(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get('retry-after'));
  const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : null;
  const changes = response.status >= 500;
  let body: Partial<ProblemBody> = {};
  try {
    const parsed: unknown = await response.json();
    if (parsed !== null && typeof parsed === 'object') body = parsed as Partial<ProblemBody>;
  } catch {
    // A proxy's page or nothing: the status alone says what is known.
  }
  return new Problem({
    ...body,
    status: response.status,
    message: typeof body.message === 'string' ? body.message : '',
    mayHaveHappened: typeof body.mayHaveHappened === 'boolean' ? body.mayHaveHappened : changes,
  }, retryAfter);
}

/** The network gave no answer: a change may have reached the desk. */
export function unanswered(changes: boolean): Problem {
  return new Problem({ status: 0, message: '', mayHaveHappened: changes });
}
