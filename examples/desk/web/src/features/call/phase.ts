import type { Call } from '../../api/types';
import type { Words } from '../../words/words';

/** The phase of a call in words. */
export function phaseText(call: Call, words: Words): string {
  if (call.phase === 'after_call' || call.phase === 'closed') return words.call.afterCall;
  if (call.phase === 'calling') return words.call.calling;
  if (call.phase === 'ringing') return call.direction === 'inbound' ? words.call.ringingIn : words.call.ringing;
  return call.held ? words.call.held : words.call.active;
}
