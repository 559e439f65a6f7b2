/** The end of a session. */
import { Problem, remove } from '../../api/client';

/** Ends the session. One that is over already is what was wished: the answer that said so may have been lost. Somebody else's stays. */
export async function endSession(): Promise<void> {
  try {
    await remove('/api/session');
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401 && error.body['reason'] !== 'other_user')) throw error;
  }
}
