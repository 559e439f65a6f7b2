import { useState } from 'react';
import type { Call } from '../../api/types';
import { Dialog } from '../../ui/Dialog';
import { Button, Field, Notice } from '../../ui/controls';
import { useWords } from '../../words/words';
import { Participants } from '../call/Participants';
import { useBlocked, useCommand } from '../call/commands';

/** Warm: connect, speak, complete or cancel. Cold: in one step. Completing drops the agent's own leg. */
export function TransferDialog({ call, onClose }: { call: Call; onClose: () => void }) {
  const words = useWords();
  const [number, setNumber] = useState('');
  const command = useCommand(call);
  const blocked = useBlocked(call);
  const third = call.participants.find(({ role, state }) => role === 'third' && state !== 'left');
  const waits = command.isPending ? words.loading : null;
  const wanted = number.trim() === '' ? words.transfer.number : null;
  return (
    <Dialog open title={words.transfer.title} onClose={onClose} footer={third ? <>
      <Button blocked={waits ?? blocked('cancelTransfer')} onClick={() => command.mutate({ verb: 'transfer/cancel' })}>{words.transfer.stop}</Button>
      <Button tone="primary" blocked={waits ?? blocked('completeTransfer')} onClick={() => command.mutate({ verb: 'transfer/complete' }, { onSuccess: onClose })}>{words.transfer.complete}</Button>
    </> : <>
      <Button blocked={waits ?? wanted ?? blocked('transfer')} onClick={() => command.mutate({ verb: 'transfer', kind: 'cold', number: number.trim() }, { onSuccess: onClose })}>{words.transfer.cold}</Button>
      <Button tone="primary" blocked={waits ?? wanted ?? blocked('transfer')} onClick={() => command.mutate({ verb: 'transfer', kind: 'warm', number: number.trim() })}>{words.transfer.connect}</Button>
    </>}>
      {third ? <><Participants call={call} /><p className="muted small">{third.state === 'ringing' ? words.transfer.rung : words.transfer.completing}</p></> : <>
        <Field label={words.transfer.number}>{(ids) => <input {...ids} inputMode="tel" autoComplete="off" value={number} onChange={(event) => setNumber(event.target.value)} autoFocus />}</Field>
        <Notice>{words.transfer.warmWhy}</Notice>
      </>}
    </Dialog>
  );
}
