/** How a disposition is sent. */
import { at, post } from '../../api/client';
import type { Call } from '../../api/types';
import { notesToSend, wentAlong } from '../call/drafts';
import { callBackToSend } from './callback';

/** What the form held when it was sent: more may be typed before the answer comes. */
export interface Said { code: string; notes: string; callBackAt: string }

/** Sends what was said. Of the notes that only is kept which went along. */
export const saving = (call: Call, key: string, onSaved?: () => void) => ({
  mutationFn: ({ code, notes, callBackAt }: Said) => post(at('/api/calls/{ucid}/disposition', { ucid: call.ucid }), {
    code, ...notesToSend(call, notes), ...(call.agent ? { agent: call.agent } : {}), ...callBackToSend(code, callBackAt),
  }, { key }),
  onSuccess: (_: unknown, { notes }: Said) => { wentAlong(call, notes); onSaved?.(); },
});
