/** Commands on a call: each goes to the desk once; audio goes to the tab that has it. */
import { useMutation } from '@tanstack/react-query';
import { at, post } from '../../api/client';
import { owner } from '../../app';
import { useStale } from '../../state';
import { toast, toastProblem } from '../../ui/toasts';
import { useWords, type Words } from '../../words/words';
import type { Call, Can } from '../../api/types';
import type { AudioCommand } from '../../phone/owner';

export type Verb = 'hold' | 'unhold' | 'mute' | 'unmute' | 'end' | 'reconnect' | 'reveal' | 'transfer/complete' | 'transfer/cancel';
export type CallCommand = { verb: Verb } | { verb: 'recording'; action: 'pause' | 'resume' } | { verb: 'transfer'; kind: 'warm' | 'cold'; number: string } | { verb: 'kick'; number: string };

/** Calls that are being ended: once is enough, however often it is pressed. */
const ending = new Map<string, Promise<unknown>>();

function end(ucid: string) {
  const sent = ending.get(ucid) ?? post(at('/api/calls/{ucid}/end', { ucid }), {}).finally(() => ending.delete(ucid));
  ending.set(ucid, sent);
  return sent;
}

function send(ucid: string, command: CallCommand): Promise<unknown> {
  switch (command.verb) {
    case 'end': return end(ucid);
    case 'recording': return post(at('/api/calls/{ucid}/recording', { ucid }), { action: command.action });
    case 'transfer': return post(at('/api/calls/{ucid}/transfer', { ucid }), { kind: command.kind, number: command.number });
    case 'kick': return post(at('/api/calls/{ucid}/kick', { ucid }), { number: command.number });
    default: return post(at(`/api/calls/{ucid}/${command.verb}`, { ucid }), {});
  }
}

export function useCommand(call: Call | null) {
  const words = useWords();
  return useMutation({
    mutationFn: (command: CallCommand) => send(call?.ucid ?? '', command),
    onError: (problem) => toastProblem(problem, words),
  });
}

/** Why a command is blocked, in words; `null` if it is not. */
export function useBlocked(call: Call | null): (name: keyof Can) => string | null {
  const words = useWords();
  const stale = useStale();
  return (name) => {
    if (stale) return words.reason['stale'] ?? stale;
    const why = call?.can[name];
    return why === null || why === undefined ? null : reasonIn(words, why);
  };
}

export function reasonIn(words: Words, why: string): string {
  return words.reason[why] ?? why.replaceAll('_', ' ');
}

export async function audio(words: Words, command: AudioCommand, value?: string) {
  const why = await owner.command(command, value);
  if (why !== null) toast('warning', words.problem.title, reasonIn(words, why));
}
