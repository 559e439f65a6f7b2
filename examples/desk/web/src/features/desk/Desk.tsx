import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useAssist } from '../../assist';
import { useCalls, useMe, usePhone } from '../../state';
import type { Call } from '../../api/types';
import { AfterCall } from '../disposition/AfterCall';
import { CallCard } from '../call/CallCard';
import { Rings } from '../call/Rings';
import { usePending } from '../call/dialing';
import { useLeaveUnheard } from '../call/notify';
import { Demo } from '../customer/Demo';
import type { Selected } from '../lead/query';
import { Worklist } from '../worklist/Worklist';
import { useWords } from '../../words/words';
import { SignedOut } from './SignedOut';
import { callOf, ringsBeside, subjectOf } from './subject';
import './desk.css';

const Appointments = lazy(() => import('../appointments/Appointments'));
const CustomerWindows = lazy(() => import('../customer/CustomerWindows'));
const LeadPanel = lazy(() => import('../lead/LeadPanel'));

/** On a narrow screen the call is pinned on top: what gets the focus is scrolled to below it. */
function usePinned() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    const page = element?.closest('main');
    if (!element || !page) return;
    const size = new ResizeObserver(() => page.style.setProperty('--pinned', getComputedStyle(element).position === 'sticky' ? `${element.offsetHeight}px` : '0'));
    size.observe(element);
    return () => { size.disconnect(); page.style.removeProperty('--pinned'); };
  }, []);
  return place;
}

/** Calls that were put aside, as long as the page lives. */
let keptAside: ReadonlySet<string> = new Set();

/** The call desk: who to call, the call, who it is. After-call work of an own call has precedence over any active call. */
export default function Desk() {
  const words = useWords();
  const { data: me } = useMe();
  const agent = me?.agents[0] ?? null;
  const mine = useCalls().flatMap((call) => callOf(call, agent) ?? []);
  const pending = usePending();
  const [aside, putAside] = useState(keptAside);
  const [selected, select] = useState<Selected | null>(null);
  const [booking, setBooking] = useState(false);
  const subject = subjectOf(mine, aside);
  const { leg } = usePhone();
  useLeaveUnheard(mine);
  const newest = subject?.ucid ?? null;
  useEffect(() => setBooking(false), [newest]);
  // Where the columns stand one above the other, whoever is chosen comes into view; who is called does not, since the call is on top.
  const lead = useRef<HTMLDivElement>(null);
  const dials = pending !== null;
  useEffect(() => { if (selected && !dials && matchMedia('(max-width: 759px)').matches) lead.current?.scrollIntoView({ block: 'start' }); }, [selected, dials]);
  const pinned = usePinned();
  const assist = useAssist();
  const shown: Call | null = subject;
  // Whom one calls is whom the page is about, before the service has said anything of the call.
  const about = pending && pending.number !== selected?.number ? pending : selected;
  const ringsIn = shown?.direction === 'inbound' && shown.phase === 'ringing';
  return (
    <div className="desk">
      <div className="side"><Worklist onSelect={select} chosen={(shown ?? about)?.number ?? null} busy={shown !== null && shown.phase !== 'closed'} /></div>
      <div className="center stack">
        <div className="middle stack" ref={pinned}>
          {agent !== null && <SignedOut agent={agent} />}
          {ringsBeside(leg, shown) && <Rings dials={pending !== null} />}
          {shown && (shown.phase === 'after_call' || shown.phase === 'closed')
            ? <AfterCall key={shown.ucid} call={shown} onBook={() => setBooking(true)} onBack={() => { putAside(keptAside = new Set(keptAside).add(shown.ucid)); select(null); }} />
            : <CallCard call={shown} pending={pending} selected={selected} booking={booking} onBook={() => setBooking(!booking)} />}
        </div>
        {!shown && !pending && me?.demo && <Demo />}
        <Suspense>{!ringsIn && (shown ?? about) && <Appointments key={shown?.ucid ?? about?.number ?? ''} call={shown} selected={about} open={booking} onToggle={() => setBooking(!booking)} />}</Suspense>
      </div>
      <div className="lead" ref={lead}><Suspense fallback={<p className="muted" role="status">{words.loading}</p>}><LeadPanel call={shown} selected={about} /></Suspense>{assist && shown && !shown.part && <assist.Panel call={shown} />}</div>
      <Suspense><CustomerWindows calls={mine} /></Suspense>
    </div>
  );
}
