import type { Call } from '../../api/types';
import { Button, Chip } from '../../ui/controls';
import { useWords } from '../../words/words';
import { useBlocked, useCommand } from './commands';

/** Who is on the call; who has no news is not confirmed. */
export function Participants({ call }: { call: Call }) {
  const words = useWords();
  const command = useCommand(call);
  const blocked = useBlocked(call);
  return (
    <div>
      <h3>{words.call.participants}</h3>
      <ul>
        {call.participants.map((one) => (
          <li key={`${one.role} ${one.number}`} className="row" style={{ padding: '4px 0' }}>
            <span className="number">{words.call.roles[one.role] ?? one.role} {one.number}</span>
            <Chip tone={one.state === 'on' ? 'good' : one.state === 'left' ? undefined : 'warning'}>{words.call.states[one.state] ?? one.state}</Chip>
            {one.role === 'third' && one.state !== 'left' && <Button small className="end" blocked={blocked('kick')} onClick={() => command.mutate({ verb: 'kick', number: one.number })}>{words.call.kick}</Button>}
          </li>
        ))}
      </ul>
    </div>
  );
}
