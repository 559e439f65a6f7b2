import { useQuery } from '@tanstack/react-query';
import { get } from '../../api/client';
import type { Call } from '../../api/types';
import { Part } from '../../ui/Broken';
import { lazily } from '../../ui/lazily';
import { Notice } from '../../ui/controls';
import { dateAndTime, dayOf, daysBefore } from '../../words/time';
import { outcomeIn, useWords } from '../../words/words';

const ProfileBrief = lazily(() => import('../customer/ProfileView'));

/** What is known of whom: what was said before, while it rings, and earlier calls. A report that failed is said; it is never "no history". */
export function CustomerBrief({ call }: { call: Call }) {
  const words = useWords();
  const earlier = useQuery({
    queryKey: ['earlier', call.ucid],
    queryFn: () => get('/api/calls', { query: { number: call.number, from: daysBefore(dayOf(Date.now()), 14), to: dayOf(Date.now()), limit: 5 } }),
    enabled: call.number !== null,
  });
  const rows = earlier.data?.calls.filter(({ ucid }) => ucid !== call.ucid) ?? [];
  return (
    <div className="stack">
      {call.phase === 'ringing' && <Part><ProfileBrief ucid={call.ucid} /></Part>}
      <h3>{words.call.history}</h3>
      {earlier.isError && <Notice tone="warning">{words.call.historyFailed}</Notice>}
      {earlier.isPending && call.number !== null && <p className="muted">{words.loading}</p>}
      {(earlier.isSuccess || call.number === null) && rows.length === 0 && <p className="muted">{words.call.noHistory}</p>}
      <ul>
        {rows.map((row) => <li key={row.ucid} className="row small" style={{ padding: '3px 0' }}><time>{dateAndTime(row.startedAt)}</time><span>{row.disposition ?? outcomeIn(words, row.outcome)}</span><span className="muted end">{row.agents.join(', ')}</span></li>)}
      </ul>
    </div>
  );
}
