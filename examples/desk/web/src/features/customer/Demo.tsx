import { useMutation } from '@tanstack/react-query';
import { Bot, PhoneIncoming } from 'lucide-react';
import { post } from '../../api/client';
import { useStale } from '../../state';
import { Button } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';

/** Only where calls are simulated: a made-up customer calls whoever is signed in, or a made-up assistant hands one over. */
export function Demo() {
  const words = useWords();
  const stale = useStale();
  const send = useMutation({ mutationFn: (what: '/api/demo/call' | '/api/demo/handoff') => post(what, {}), onError: (problem) => toastProblem(problem, words) });
  const blocked = stale ? words.reason['stale'] : send.isPending ? words.loading : null;
  return (
    <section className="card demo" aria-label={words.demo.title}>
      <h2>{words.demo.title}</h2>
      <p className="small muted">{words.demo.why}</p>
      <div className="row">
        <Button blocked={blocked} onClick={() => send.mutate('/api/demo/call')}><PhoneIncoming aria-hidden />{words.demo.call}</Button>
        <Button blocked={blocked} onClick={() => send.mutate('/api/demo/handoff')}><Bot aria-hidden />{words.demo.handoff}</Button>
      </div>
    </section>
  );
}
