import { useMutation } from '@tanstack/react-query';
import { Bot } from 'lucide-react';
import { post } from '../../api/client';
import { useStale } from '../../state';
import { Button } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';

/** Only where calls are simulated: a made-up assistant gives up and hands its caller to whoever is signed in. */
export function Demo() {
  const words = useWords();
  const stale = useStale();
  const send = useMutation({ mutationFn: () => post('/api/demo/handoff', {}), onError: (problem) => toastProblem(problem, words) });
  return (
    <p className="row demo">
      <Button blocked={stale ? words.reason['stale'] : send.isPending ? words.loading : null} onClick={() => send.mutate()}><Bot aria-hidden />{words.demo.handoff}</Button>
      <span className="small muted grow">{words.demo.handoffWhy}</span>
    </p>
  );
}
