import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { get, put, remove } from '../../api/client';
import { KEYS } from '../../live/cache';
import { Button, Chip } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';
import { Listed, useWaits } from './Listed';

const TONE = { ours: 'good', partly: 'warning', other: 'bad', none: 'warning' } as const;

/** Where the service sends its events: there is one pair of addresses for the account. */
export function Subscription() {
  const words = useWords();
  const cache = useQueryClient();
  const now = useQuery({ queryKey: KEYS.subscription, queryFn: () => get('/api/admin/subscription') });
  const change = useMutation({
    mutationFn: async (how: 'take' | 'end') => { await (how === 'take' ? put('/api/admin/subscription', {}) : remove('/api/admin/subscription')); },
    onError: (problem) => toastProblem(problem, words),
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.subscription }),
  });
  const waits = useWaits(change.isPending);
  return (
    <Listed title={words.admin.subscription} query={now} empty="" isEmpty={() => false}>
      {(found) => (
        <div className="body stack">
          <p><Chip tone={TONE[found.state]}>{words.admin.subscriptions[found.state]}</Chip></p>
          <dl className="definition">
            <dt>{words.admin.callEvents}</dt><dd>{found.calls ?? words.none}</dd>
            <dt>{words.admin.agentEvents}</dt><dd>{found.agents ?? words.none}</dd>
            {found.expected && <><dt>{words.admin.expected}</dt><dd>{found.expected}</dd></>}
          </dl>
          <p className="muted small">{words.admin.subscriptionWhy}</p>
          <div className="row">
            <Button tone="primary" blocked={waits ?? (found.expected === null ? words.admin.noAddress : found.state === 'ours' ? words.admin.subscriptions.ours : null)} onClick={() => change.mutate('take')}>{words.admin.subscribe}</Button>
            <Button blocked={waits ?? (found.state === 'none' ? words.admin.subscriptions.none : null)} onClick={() => change.mutate('end')}>{words.admin.unsubscribe}</Button>
          </div>
        </div>
      )}
    </Listed>
  );
}
