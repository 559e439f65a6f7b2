/** Commands on a call: each goes to the desk once; audio goes to the tab that has it. */
import { useMutation } from '@tanstack/react-query';
import { post } from '../../api/client';
import { owner } from '../../app';
import { useStale } from '../../state';
import { toast, toastProblem } from '../../ui/toasts';
import { useWords, type Words } from '../../words/words';
import type { Call } from '../../api/types';
import type { AudioCommand } from '../../phone/owner';

export const callPath = (ucid: string, verb: string) => `/api/calls/${encodeURIComponent(ucid)}/${verb}`;

export function useCommand(call: Call | null) {
  const words = useWords();
  return useMutation({
    mutationFn: ({ verb, body }: { verb: string; body?: unknown }) => post(callPath(call?.ucid ?? '', verb), body ?? {}),
    onError: (problem) => toastProblem(problem, words),
  });
}

/** Why a command is blocked, in words; `null` if it is not. */
export function useBlocked(call: Call | null): (name: string) => string | null {
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
