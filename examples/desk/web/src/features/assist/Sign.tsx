import { AudioLines } from 'lucide-react';
import type { Call } from '../../api/types';
import { Chip } from '../../ui/controls';
import type { Standing } from './desk';
import { useStanding } from './store';
import { useAssistWords } from './words';

/** Whether what is said now is written down, in one word, and why not. */
export function StandingChip({ standing: { state, reason } }: { standing: Standing }) {
  const words = useAssistWords();
  const on = state === 'on';
  const waits = state === 'paused' || state === 'held';
  const why = reason === null ? undefined : words.sign.reasons[reason] ?? reason;
  return <span title={why}><Chip tone={on ? 'blue' : waits ? 'warning' : undefined}><AudioLines aria-hidden />{on ? words.sign.on : waits ? words.sign.paused : words.sign.off}{!on && why && <span className="only-read">: {why}</span>}</Chip></span>;
}

/** On the call's card, beside what is recorded. */
export function Sign({ call }: { call: Call }) {
  const standing = useStanding(call);
  return standing && call.phase === 'active' ? <StandingChip standing={standing} /> : null;
}
