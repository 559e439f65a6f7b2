import { useMutation } from '@tanstack/react-query';
import { at, post } from '../../api/client';
import { useAgent, useStale } from '../../state';
import { Button, Notice } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';

/** Signed in here and not at the service: no calls come, and why. */
export function SignedOut({ agent: id }: { agent: string }) {
  const words = useWords();
  const agent = useAgent(id);
  const stale = useStale();
  const login = useMutation({ mutationFn: () => post(at('/api/agents/{id}/login', { id }), {}), onError: (problem) => toastProblem(problem, words) });
  const isOut = agent?.loggedIn === false || (agent?.loggedIn === null && agent.loginProblem !== null);
  if (!agent || !isOut) return null;
  return (
    <Notice tone="warning" action={<Button small blocked={stale ? words.reason['stale'] : login.isPending ? words.loading : null} onClick={() => login.mutate()}>{words.agent.logIn}</Button>}>
      <p><strong>{words.agent.signedOut}</strong></p>
      <p>{agent.loginProblem ?? words.agent.signedOutWhy}</p>
    </Notice>
  );
}
