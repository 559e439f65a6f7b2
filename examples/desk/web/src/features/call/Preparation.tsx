import { UserRound } from 'lucide-react';
import type { Call } from '../../api/types';
import { Button, Chip, Empty } from '../../ui/controls';
import { dateAndTime, grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { useBlocked, useCommand } from './commands';
import { CustomerBrief } from './CustomerBrief';

/** Who it is, from ringing on, in or out, and before the call for whoever was chosen. */
export function Preparation({ call, selected }: { call: Call | null; selected: { number: string | null; name: string | null } | null }) {
  const words = useWords();
  const command = useCommand(call);
  const blocked = useBlocked(call);
  if (!call && !selected) return <section className="card"><Empty icon={<UserRound aria-hidden />} title={words.window.customer} /></section>;
  const name = call?.lead?.name ?? (call ? null : selected?.name) ?? words.unknownName;
  const number = call ? call.number : selected?.number ?? null;
  return (
    <section className="card" aria-label={words.window.customer}>
      <header><h2>{name}</h2>{call?.transferred && <Chip>{words.call.transfer}</Chip>}</header>
      <div className="body stack">
        <dl className="definition">
          <dt>{words.history.number}</dt>
          <dd className="number">{number ? grouped(number) : call?.masked || words.withheld}{call && number === null && call.masked && <> <Button small tone="quiet" blocked={blocked('reveal')} onClick={() => command.mutate({ verb: 'reveal' })}>{words.call.reveal}</Button></>}</dd>
          {call?.campaign && <><dt>{words.worklist.campaign}</dt><dd>{call.campaign}</dd></>}
          {call?.did && <><dt>{words.worklist.did}</dt><dd className="number">{call.did}</dd></>}
          {call?.askedAt != null && <><dt>{words.history.when}</dt><dd>{dateAndTime(call.askedAt)}</dd></>}
        </dl>
        {call && !(call.direction === 'inbound' && call.phase === 'ringing') && <CustomerBrief call={call} />}
      </div>
    </section>
  );
}
