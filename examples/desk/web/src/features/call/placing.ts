/** Whether a call can be placed now. */
import type { Ownership } from '../../phone/owner';
import type { Phone } from '../../phone/machine';
import { useOwnership, usePhone, useStale } from '../../state';
import { useWords } from '../../words/words';
import { usePending, type Pending } from './dialing';
import { hasOutcome } from './outcome';

interface Now { stale: 'stale' | null; busy: boolean; pending: Pending | null; phone: Phone; ownership: Ownership }

/** Why no call can be placed, as a word of the page's reasons; `null` if one can. The microphone is this tab's only where its phone is. */
export function dialBlock({ stale, busy, pending, phone, ownership }: Now): string | null {
  if (stale) return stale;
  if (busy) return 'in_a_call';
  if (pending && !hasOutcome(pending)) return 'dial_open';
  if (ownership !== 'here' || (phone.microphone !== 'missing' && phone.microphone !== 'forbidden')) return null;
  return `microphone_${phone.microphone}`;
}

/** Why no call can be placed, in words; `null` if one can. */
export function useDialBlock(busy: boolean): string | null {
  const words = useWords();
  const why = dialBlock({ stale: useStale(), busy, pending: usePending(), phone: usePhone(), ownership: useOwnership() });
  return why === null ? null : words.reason[why] ?? why;
}
