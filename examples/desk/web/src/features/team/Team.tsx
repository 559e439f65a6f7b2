import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { at, get, post } from '../../api/client';
import type { Dial } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useStale } from '../../state';
import { Dialog } from '../../ui/Dialog';
import { Button, Chip, Empty, Field, Lacks, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { dateAndTime } from '../../words/time';
import { useWords } from '../../words/words';
import { Owed } from '../disposition/Owed';
import { Import } from './Import';
import { Leads } from './Leads';
import '../desk/desk.css';

/** What a supervisor has to settle. */
export default function Team() {
  const words = useWords();
  const [settling, settle] = useState<Dial | null>(null);
  const dials = useQuery({ queryKey: KEYS.dials, queryFn: () => get('/api/dials', { query: { state: 'unknown' } }) });
  return (
    <div className="page">
      <h1>{words.team.title}</h1>
      <section className="card" aria-label={words.team.unknownDials}>
        <header><h2>{words.team.unknownDials}</h2></header>
        {dials.isError ? <div className="body"><Notice tone="bad">{words.problem.title}</Notice></div> : dials.data?.dials.length ? (
          <table><tbody>{dials.data.dials.map((dial) => <tr key={dial.id}><td>{dial.agent}</td><td className="number">{dial.masked}</td><td>{dateAndTime(dial.at)}</td><td className="small muted">{words.call.reference(dial.reference)}</td><td><Chip tone="warning">{dial.state}</Chip></td><td className="numeric"><Button small onClick={() => settle(dial)}>{words.team.settle}</Button></td></tr>)}</tbody></table>
        ) : <Empty title={dials.isPending ? words.loading : words.team.noUnknown} />}
        {dials.data?.more && <Lacks>{words.team.moreDials}</Lacks>}
      </section>
      <section className="card" aria-label={words.team.owed}><header><h2>{words.team.owed}</h2></header><Owed /></section>
      <section className="card" style={{ overflowX: 'auto' }} aria-label={words.team.leads}><header><h2>{words.team.leads}</h2></header><Leads /></section>
      <section className="card" aria-label={words.team.import}><header><h2>{words.team.import}</h2></header><div className="body"><Import /></div></section>
      {settling && <Settle dial={settling} onClose={() => settle(null)} />}
    </div>
  );
}

function Settle({ dial, onClose }: { dial: Dial; onClose: () => void }) {
  const words = useWords();
  const cache = useQueryClient();
  const [reason, setReason] = useState('');
  const save = useMutation({
    mutationFn: (outcome: 'placed' | 'not_placed') => post(at('/api/dials/{id}/settle', { id: dial.id }), { outcome, reason }),
    onSuccess: async () => { await cache.invalidateQueries({ queryKey: KEYS.dials }); onClose(); },
  });
  const stale = useStale();
  const wait = stale ? words.reason['stale'] : reason.trim() === '' ? words.team.why : save.isPending ? words.loading : null;
  return (
    <Dialog open title={`${words.team.settle}: ${dial.masked}`} onClose={onClose} footer={<><Button blocked={wait} onClick={() => save.mutate('not_placed')}>{words.team.didNotRing}</Button><Button tone="primary" blocked={wait} onClick={() => save.mutate('placed')}>{words.team.rang}</Button></>}>
      <Field label={words.team.why}>{(ids) => <textarea {...ids} value={reason} onChange={(event) => setReason(event.target.value)} autoFocus />}</Field>
      {save.error && <Notice tone="bad">{sentence(save.error, words).title}</Notice>}
    </Dialog>
  );
}
