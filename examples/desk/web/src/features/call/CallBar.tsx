import { Headset, Mic, MicOff, Pause, PhoneIncoming, PhoneOff, Play } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Call } from '../../api/types';
import { useCalls, useNow, usePhone } from '../../state';
import { Button, Chip } from '../../ui/controls';
import { clock, grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { useCustomerName } from '../customer/query';
import { barCall, callOf, ringsBeside } from '../desk/subject';
import { audio } from './commands';
import { useControls } from './controls';
import { usePendingDial } from './PendingCard';
import { hasOutcome, type Pending } from './outcome';
import { phaseText } from './phase';
import { useShortcuts } from './shortcuts';
import './call-bar.css';

/** The call, on every page but its own: who it is, what is pressed in a hurry, and the way to the rest. */
export function CallBar({ agent }: { agent: string }) {
  const calls = useCalls().flatMap((call) => callOf(call, agent) ?? []);
  const { leg } = usePhone();
  const call = barCall(calls, leg.kind === 'ringing' ? leg.ucid : null);
  const pending = usePendingDial(calls);
  const comesIn = call?.direction === 'inbound' && call.phase === 'ringing';
  return (
    <>
      {ringsBeside(leg, call) && <RingsBar caller={leg.kind === 'ringing' ? leg.caller : null} dials={pending !== null} />}
      {call ? comesIn ? <IncomingBar call={call} /> : call.phase === 'after_call' ? <AfterBar call={call} /> : <ActiveBar key={call.ucid} call={call} />
        : pending && <PendingBar pending={pending} />}
    </>
  );
}

function Bar({ tone, name, number, state, since, rings = false, children }: { tone: 'good' | 'warning' | 'blue' | 'bad'; name: string; number: string | null; state: string; since?: number | null; rings?: boolean; children?: ReactNode }) {
  const words = useWords();
  const now = useNow();
  return (
    <section className={`call-bar ${rings ? 'rings' : ''}`} aria-label={words.call.bar}>
      <p className="who" role={rings ? 'alert' : 'status'}>
        <Chip tone={tone}>{rings && <PhoneIncoming aria-hidden />}{state}</Chip>
        <strong dir="auto">{name}</strong>
        {number !== null && number !== name && <span className="number muted">{number}</span>}
      </p>
      {since !== null && since !== undefined && <time className="clock" aria-hidden>{clock(now - since)}</time>}
      <Link href="/" className="button quiet to-call" title={words.call.toCall}><Headset aria-hidden /><span>{words.call.toCall}</span></Link>
      {children && <span className="controls">{children}</span>}
    </section>
  );
}

const numberOf = (call: Call, withheld: string) => call.number ? grouped(call.number) : call.masked || withheld;

/** Accept and Decline, for whatever rings here. */
function Rings({ accepts }: { accepts: string }) {
  const words = useWords();
  const accept = () => void audio(words, 'answer');
  const decline = () => void audio(words, 'decline');
  useShortcuts({ a: accept, d: decline });
  return <>
    <Button tone="good" onClick={accept}><PhoneIncoming aria-hidden />{accepts}<kbd aria-hidden>A</kbd></Button>
    <Button onClick={decline}><PhoneOff aria-hidden />{words.call.decline}<kbd aria-hidden>D</kbd></Button>
  </>;
}

function IncomingBar({ call }: { call: Call }) {
  const words = useWords();
  const { leg } = usePhone();
  const name = useCustomerName(call);
  const number = numberOf(call, words.withheld);
  // Accept is about what the phone rings for.
  return <Bar rings tone="good" state={phaseText(call, words)} name={name ?? number} number={number}>{!ringsBeside(leg, call) && <Rings accepts={words.call.accept} />}</Bar>;
}

/** It rings here, and the desk has no call of this agent for it. */
function RingsBar({ caller, dials }: { caller: string | null; dials: boolean }) {
  const words = useWords();
  return <Bar rings tone="good" state={dials ? words.call.ringing : words.call.ringingIn} name={caller ? grouped(caller) : words.unknownName} number={null}><Rings accepts={dials ? words.call.pickUp : words.call.accept} /></Bar>;
}

function ActiveBar({ call }: { call: Call }) {
  const words = useWords();
  const { leg } = usePhone();
  const name = useCustomerName(call);
  const number = numberOf(call, words.withheld);
  const { muted, mute, canMute, hold, canHold, end, canEnd } = useControls(call);
  const pickUp = leg.kind === 'ringing' && leg.answer === 'ask' && !ringsBeside(leg, call);
  const unheard = call.phase === 'active' && !call.phone.heard && leg.kind !== 'up';
  useShortcuts({ m: canMute ? null : mute, h: canHold ? null : hold, e: canEnd ? null : end });
  return (
    <Bar tone={unheard ? 'bad' : call.phase !== 'active' ? 'blue' : call.held ? 'warning' : 'good'} state={unheard ? words.phone.unheard : phaseText(call, words)} name={name ?? number} number={number} since={call.answeredAt ?? call.askedAt ?? call.ringingAt}>
      {pickUp && <Button tone="good" onClick={() => void audio(words, 'answer')}><PhoneIncoming aria-hidden />{words.call.pickUp}</Button>}
      <Button className={muted ? 'on' : ''} blocked={canMute} onClick={mute}>{muted ? <MicOff aria-hidden /> : <Mic aria-hidden />}{muted ? words.call.unmute : words.call.mute}<kbd aria-hidden>M</kbd></Button>
      <Button className={call.held ? 'on' : ''} blocked={canHold} onClick={hold}>{call.held ? <Play aria-hidden /> : <Pause aria-hidden />}{call.held ? words.call.resume : words.call.hold}<kbd aria-hidden>H</kbd></Button>
      <Button tone="bad" blocked={canEnd} onClick={end}><PhoneOff aria-hidden />{words.call.end}<kbd aria-hidden>E</kbd></Button>
    </Bar>
  );
}

function AfterBar({ call }: { call: Call }) {
  const words = useWords();
  const name = useCustomerName(call);
  const number = numberOf(call, words.withheld);
  return <Bar tone="warning" state={phaseText(call, words)} name={name ?? number} number={number} since={call.wrapup?.startedAt ?? call.endedAt} />;
}

/** A dial of which the desk has no call yet, or will have none. */
function PendingBar({ pending }: { pending: Pending }) {
  const words = useWords();
  const number = grouped(pending.number);
  const state = pending.state === 'unknown' ? words.call.unknownTitle : pending.state === 'happened' ? words.call.didRing : hasOutcome(pending) ? words.call.notRung : words.call.calling;
  return <Bar tone={state === words.call.calling ? 'blue' : 'warning'} state={state} name={pending.name ?? number} number={number} />;
}
