/** The call-back time of a disposition: pure. */
import { momentOf } from '../../words/time';

/** Whether the form asks when to call back. */
export const asksCallBack = (code: string) => /FOLLOW|CALLBACK/.test(code);

/** What goes with a disposition: the time only while its field is on the form, whatever was typed there before. */
export const callBackToSend = (code: string, typed: string): { callBackAt?: number } => (asksCallBack(code) && typed ? { callBackAt: momentOf(typed) } : {});
