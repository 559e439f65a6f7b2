import { post } from '../../api/client';
import { Problem } from '../../api/problem';

export interface NewFollowUp { dueAt: number; number: string | null; text: string; call: string }

/** Adds the follow-ups of one form. While nobody knows whether one was added, asking again is the same wish: it has one key
 * until it is there, or the desk has something else under it. */
export function adding() {
  let key = crypto.randomUUID();
  return async (wish: NewFollowUp): Promise<void> => {
    try {
      await post('/api/follow-ups', wish, { key });
      key = crypto.randomUUID();
    } catch (error) {
      if (error instanceof Problem && error.body['reason'] === 'key_used') key = crypto.randomUUID();
      throw error;
    }
  };
}
