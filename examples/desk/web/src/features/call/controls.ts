/** What can be done with a call that is up or is being placed, wherever it is shown: the card and the bar press the same. */
import type { Call } from '../../api/types';
import { useMuted, useStale } from '../../state';
import { useWords } from '../../words/words';
import { audio, useBlocked, useCommand } from './commands';

export function useControls(call: Call) {
  const words = useWords();
  const stale = useStale();
  const command = useCommand(call);
  const blocked = useBlocked(call);
  const mutedInTab = useMuted();
  // Where a tab has the audio, that tab mutes; the service knows nothing of it.
  const muted = call.phone.tab ? mutedInTab : call.muted === true;
  const verb = muted ? 'unmute' : 'mute';
  const ofService = ['already_muted', 'not_muted'].includes(call.can[verb] ?? '');
  const waits = command.isPending ? words.loading : null;
  return {
    command, blocked, waits, muted,
    mute: () => { if (call.phone.tab) void audio(words, verb); else command.mutate({ verb }); },
    canMute: call.phone.tab && ofService && !stale ? null : blocked(verb),
    hold: () => command.mutate({ verb: call.held ? 'unhold' : 'hold' }),
    canHold: blocked(call.held ? 'unhold' : 'hold') ?? waits,
    end: () => command.mutate({ verb: 'end' }),
    canEnd: blocked('end') ?? (command.isPending && command.variables.verb === 'end' ? words.loading : null),
  };
}
