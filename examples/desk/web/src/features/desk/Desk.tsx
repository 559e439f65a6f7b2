import { useEffect, useRef, useState } from 'react';
import { useAssist } from '../../assist';
import { useCalls, useMe, usePhone } from '../../state';
import type { Call } from '../../api/types';
import { AfterCall } from '../disposition/AfterCall';
import { CallCard } from '../call/CallCard';
import { Rings } from '../call/Rings';
import { PendingCard, usePendingDial } from '../call/PendingCard';
import { forgetPending } from '../call/dialing';
import { hasOutcome } from '../call/outcome';
import { Demo } from '../customer/Demo';
import type { Selected } from '../lead/query';
import { Worklist } from '../worklist/Worklist';
import { useWords } from '../../words/words';
import { SignedOut } from './SignedOut';
import { Part } from '../../ui/Broken';
import { lazily } from '../../ui/lazily';
import { callOf, isDone, personOf, ringsBeside, subjectOf } from './subject';
import './desk.css';

const PARTS = {
  appointments: () => import('../appointments/Appointments'),
  windows: () => import('../customer/CustomerWindows'),
  lead: () => import('../lead/LeadPanel'),
  followUp: () => import('../follow-ups/AddFollowUp'),
  profile: () => import('../customer/ProfileView'),
};
const Appointments = lazily(PARTS.appointments);
const CustomerWindows = lazily(PARTS.windows);
const LeadPanel = lazily(PARTS.lead);

/** What a call will need is loaded before there is one: a desk that was upgraded meanwhile has it no longer. */
function useParts() {
  useEffect(() => { for (const load of Object.values(PARTS)) load().catch(() => {}); }, []);
}

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
  const pending = usePendingDial(mine);
  const [aside, putAside] = useState(keptAside);
  const [selected, select] = useState<Selected | null>(null);
  const [booking, setBooking] = useState(false);
  const { leg } = usePhone();
  const subject = subjectOf(mine, aside, leg.kind === 'ringing' ? leg.ucid : null);
  // Where the columns stand one above the other, whoever is chosen comes into view; who is called does not, since the call is on top.
  const lead = useRef<HTMLDivElement>(null);
  const dials = pending !== null;
  useEffect(() => { if (selected && !dials && matchMedia('(max-width: 759px)').matches) lead.current?.scrollIntoView({ block: 'start' }); }, [selected, dials]);
  const pinned = usePinned();
  useParts();
  const assist = useAssist();
  // A call of which all is said gives way to the next one.
  const shown: Call | null = pending && subject && isDone(subject) ? null : subject;
  const setAside = ({ ucid }: Call) => putAside(keptAside = new Set(keptAside).add(ucid));
  const choose = (who: Selected) => {
    if (subject && isDone(subject)) setAside(subject);
    if (pending && hasOutcome(pending)) forgetPending();
    select(who);
  };
  const isOver = shown !== null && (shown.phase === 'after_call' || shown.phase === 'closed');
  // Whom one calls is whom the page is about, before the service has said anything of the call.
  const goesOut = pending?.state === 'sending' || pending?.state === 'accepted';
  const about = pending && (goesOut ? pending.number !== selected?.number : !selected) ? pending : selected;
  // What one books is of the person: before the call, in it, and as it becomes part of another.
  const who = personOf(shown ?? about, shown);
  useEffect(() => setBooking(false), [who]);
  const ringsIn = shown?.direction === 'inbound' && shown.phase === 'ringing';
  return (
    <div className="desk">
      <div className="side"><Worklist onSelect={choose} chosen={(shown ?? about)?.number ?? null} busy={subject !== null && subject.phase !== 'closed'} /></div>
      <div className="center stack">
        <div className="middle stack" ref={pinned}>
          {agent !== null && <SignedOut agent={agent} />}
          {ringsBeside(leg, shown) && <Rings dials={pending !== null} />}
          {pending && (isOver || !shown) && <PendingCard pending={pending} />}
          {shown && isOver && <AfterCall key={shown.ucid} call={shown} onBook={() => setBooking(true)} onBack={() => { setAside(shown); select(null); }} />}
          {!isOver && (shown || !pending) && <CallCard call={shown} selected={selected} booking={booking} onBook={() => setBooking(!booking)} />}
          {pending && shown && !isOver && <PendingCard pending={pending} />}
        </div>
        {!shown && !pending && me?.demo && <Demo />}
        <Part>{!ringsIn && (shown ?? about) && <Appointments key={who} call={shown} selected={about} open={booking} onToggle={() => setBooking(!booking)} />}</Part>
      </div>
      <div className="lead" ref={lead}><Part fallback={<p className="muted" role="status">{words.loading}</p>}><LeadPanel call={shown} selected={about} /></Part>{assist && shown && !shown.part && <Part><assist.Panel call={shown} /></Part>}</div>
      <Part><CustomerWindows calls={mine} /></Part>
    </div>
  );
}
