import { useEffect, useState } from 'react';
import { useCalls, useMe } from '../../state';
import type { Call } from '../../api/types';
import { AfterCall } from '../disposition/AfterCall';
import { CallCard } from '../call/CallCard';
import { Preparation } from '../call/Preparation';
import { usePending } from '../call/dialing';
import { useLeaveUnheard } from '../call/notify';
import { Worklist } from '../worklist/Worklist';
import { SignedOut } from './SignedOut';
import { subjectOf } from './subject';
import './desk.css';

/** The call desk: who to call, the call, who it is. After-call work has precedence over any active call. */
export default function Desk() {
  const { data: me } = useMe();
  const agent = me?.agents[0] ?? null;
  const mine = useCalls().filter((call) => call.agent === agent);
  const pending = usePending();
  const [back, setBack] = useState<string | null>(null);
  const [selected, select] = useState<{ number: string | null; name: string | null } | null>(null);
  const subject = subjectOf(mine, back);
  useLeaveUnheard(mine);
  // A new call clears what was put aside.
  const newest = subject?.ucid ?? null;
  useEffect(() => { if (newest !== null && newest !== back) setBack(null); }, [newest, back]);
  const shown: Call | null = subject;
  return (
    <div className="desk">
      <div className="side"><Worklist onSelect={select} busy={shown !== null && shown.phase !== 'closed'} /></div>
      <div className="middle stack">
        {agent !== null && <SignedOut agent={agent} />}
        {shown && (shown.phase === 'after_call' || shown.phase === 'closed')
          ? <AfterCall key={shown.ucid} call={shown} onBack={() => { setBack(shown.ucid); select(null); }} />
          : <CallCard call={shown} pending={pending} />}
      </div>
      <div className="lead"><Preparation call={shown} selected={pending ?? selected} /></div>
    </div>
  );
}
