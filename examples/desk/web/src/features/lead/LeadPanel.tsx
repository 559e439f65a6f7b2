import { MessageSquareText, PanelTopOpen, UserRound } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { Call, LeadOverview, Message } from '../../api/types';
import { useAssist } from '../../assist';
import { useMe, useNow } from '../../state';
import { Button, Chip, Empty, Notice } from '../../ui/controls';
import { ago, clock, dateAndTime, dayAndTime, grouped, span } from '../../words/time';
import { outcomeIn, useWords, type Words } from '../../words/words';
import { CustomerBrief } from '../call/CustomerBrief';
import { useBlocked, useCommand } from '../call/commands';
import { hasWindow, place, usePlace } from '../customer/places';
import { useProfile } from '../customer/query';
import { LEVEL_TONE } from '../worklist/levels';
import MessageDialog from './MessageDialog';
import { moreOf, useLead360, useLeadOf, useTemplates, type Selected } from './query';
import './lead.css';

/** Who it is, from ringing on, in or out, and before the call for whoever was chosen: what is stored, and what there was. */
export default function LeadPanel({ call, selected }: { call: Call | null; selected: Selected | null }) {
  const words = useWords();
  const { id, failed, again } = useLeadOf(call, selected);
  const known = useLead360(id);
  if (!call && !selected) return <section className="card"><Empty icon={<UserRound aria-hidden />} title={words.lead.title}><p>{words.lead.choose}</p></Empty></section>;
  const all = known.data ?? null;
  return (
    <div className="stack">
      <Facts call={call} selected={selected} all={all} state={failed || known.isError ? 'failed' : id === undefined || (typeof id === 'string' && known.isPending) ? 'waits' : 'known'} />
      {(failed || known.isError) && <Notice tone="warning" action={<Button small onClick={failed ? again : () => void known.refetch()}>{words.retry}</Button>}>{words.lead.failed}</Notice>}
      {all && <Whole all={all} />}
      {(id === null || failed) && call && !(call.direction === 'inbound' && call.phase === 'ringing') && <section className="card"><div className="body"><CustomerBrief call={call} /></div></section>}
    </div>
  );
}

/** The preparation card: what one wants to have seen before the first word. */
function Facts({ call, selected, all, state }: { call: Call | null; selected: Selected | null; all: LeadOverview | null; state: 'waits' | 'failed' | 'known' }) {
  const words = useWords();
  const now = useNow(30_000);
  const command = useCommand(call);
  const blocked = useBlocked(call);
  const lead = all?.lead ?? null;
  const number = lead?.number ?? (call ? call.number : selected?.number ?? null);
  const last = all?.lastInteraction ?? null;
  const { data: profile } = useProfile(call?.ucid ?? null);
  const profileName = profile?.name ?? null;
  const assist = useAssist();
  const summary = useMe().data?.assist?.summary;
  return (
    <section className="card" aria-label={words.lead.preparation}>
      <header><h2 dir="auto">{lead?.name || call?.lead?.name || (call ? profileName : selected?.name || (number ? grouped(number) : null)) || words.unknownName}</h2>{call?.transferred && <Chip>{words.call.transferred}</Chip>}{call && hasWindow(call) && <WindowButton ucid={call.ucid} />}</header>
      {assist && summary && lead && <assist.LeadSummary key={lead.id} leadId={lead.id} />}
      <dl className="definition body">
        <dt>{words.history.number}</dt>
        <dd className="number">{number ? grouped(number) : call?.masked || words.withheld}{call && number === null && call.masked && <> <Button small tone="quiet" blocked={blocked('reveal')} onClick={() => command.mutate({ verb: 'reveal' })}>{words.call.reveal}</Button></>}</dd>
        {lead?.email && <><dt>{words.customer.email}</dt><dd><bdi>{lead.email}</bdi></dd></>}
        {lead?.source && <><dt>{words.lead.source}</dt><dd><bdi>{lead.source}</bdi></dd></>}
        {lead?.assignedTo && <><dt>{words.lead.assignedTo}</dt><dd><bdi>{lead.assignedTo}</bdi></dd></>}
        {all && <><dt>{words.lead.last}</dt><dd>{last ? <><span dir="auto">{words.lead.kinds[last.kind]}{last.text && `: ${last.text}`}</span> · <time title={dateAndTime(last.at)}>{ago(now - last.at, words)}</time></> : words.lead.never}</dd></>}
        {all && <><dt>{words.lead.level}</dt><dd><Chip tone={LEVEL_TONE[all.serviceLevel.state]}>{words.worklist.level[all.serviceLevel.state] ?? all.serviceLevel.state}</Chip> {words.lead.waits(span(all.serviceLevel.ageSec * 1000, words))}</dd></>}
        {lead && moreOf(lead).map(([name, text]) => <div key={name} className="pair"><dt><bdi>{name}</bdi></dt><dd dir="auto">{text}</dd></div>)}
        {call?.campaign && <><dt>{words.worklist.campaign}</dt><dd>{call.campaign}</dd></>}
        {call?.did && <><dt>{words.lead.line}</dt><dd className="number">{call.did}</dd></>}
      </dl>
      {state === 'waits' && <p className="small muted note" role="status">{words.loading}</p>}
      {state === 'known' && !all && <p className="small muted note">{words.lead.notALead}</p>}
    </section>
  );
}

/** The customer window that was closed by hand can be had again. */
function WindowButton({ ucid }: { ucid: string }) {
  const words = useWords();
  const { data: profile } = useProfile(ucid);
  const { closed } = usePlace(ucid);
  if (!profile || !closed) return null;
  return <Button small tone="quiet" icon className="end" aria-label={words.customer.open} title={words.customer.open} onClick={() => place(ucid, { closed: false })}><PanelTopOpen aria-hidden /></Button>;
}

/** Lead 360: everything there was with this person, newest first. */
function Whole({ all }: { all: LeadOverview }) {
  const words = useWords();
  const templates = useTemplates();
  const [channel, write] = useState<'whatsapp' | 'sms' | null>(null);
  const { lead, calls, appointments, moreAppointments, followUps, messages } = all;
  return (
    <section className="card lead-360" aria-label={words.lead.whole}>
      <header>
        <h2>{words.lead.whole}</h2>
        <span className="row end">
          {(templates.data?.whatsapp.length ?? 0) > 0 && <Button small onClick={() => write('whatsapp')}><MessageSquareText aria-hidden />{words.lead.kinds['whatsapp']}</Button>}
          {templates.data?.sms && <Button small onClick={() => write('sms')}><MessageSquareText aria-hidden />{words.lead.kinds['sms']}</Button>}
        </span>
      </header>
      <Part name={words.lead.calls} rows={calls} none={words.lead.noCalls} row={(call) => (
        <li key={call.ucid}>
          {call.at === null ? <span /> : <time title={dateAndTime(call.at)}>{dayAndTime(call.at)}</time>}
          <span title={call.notes ?? undefined}>{[call.direction === 'inbound' ? words.history.inbound : call.direction === 'outbound' ? words.history.outbound : '', call.disposition ?? (call.outcome ? outcomeIn(words, call.outcome) : null)].filter(Boolean).join(' · ')}</span>
          <span className="muted end number">{call.durationSec === null || call.durationSec === 0 ? '' : clock(call.durationSec * 1000)}</span>
        </li>
      )} />
      <Part name={words.appointments.title} rows={appointments} none={words.appointments.none} lacks={moreAppointments ? words.appointments.notAll : null} row={(one) => (
        <li key={one.id}><time title={dateAndTime(one.startsAt)}>{dayAndTime(one.startsAt)}</time><span dir="auto" className={one.state === 'cancelled' ? 'struck' : ''}>{one.doctor}</span><span className="end"><Chip tone={one.state === 'booked' ? 'good' : undefined}>{words.appointments.states[one.state] ?? one.state}</Chip></span></li>
      )} />
      <Part name={words.followUps.title} rows={followUps} none={words.followUps.empty} row={(one) => (
        <li key={one.id}><time title={dateAndTime(one.dueAt)}>{dayAndTime(one.dueAt)}</time><span dir="auto">{one.text}</span><span className="muted end">{one.done ? words.followUps.done : ''}</span></li>
      )} />
      <Part name={words.messages.title} rows={messages} none={words.messages.none} row={(one) => <Sent key={one.id} message={one} words={words} />} />
      {channel && <MessageDialog channel={channel} lead={lead} onClose={() => write(null)} />}
    </section>
  );
}

function Sent({ message, words }: { message: Message; words: Words }) {
  const { channel, template, text, at, state } = message;
  const doubt = state !== 'sent';
  return <li><time title={dateAndTime(at)}>{dayAndTime(at)}</time><span dir="auto">{words.lead.kinds[channel] ?? channel} · {text || template}</span><span className="end">{doubt && <Chip tone="warning">{words.messages.states[state]}</Chip>}</span></li>;
}

const FIRST = 5;

/** `lacks` says that there are more than these rows. */
function Part<T>({ name, rows, none, lacks = null, row }: { name: string; rows: readonly T[]; none: string; lacks?: string | null; row: (one: T) => ReactNode }) {
  const words = useWords();
  const [every, setEvery] = useState(false);
  const shown = every ? rows : rows.slice(0, FIRST);
  return (
    <div className="body">
      <h3>{name}{rows.length > 0 && <span className="muted"> {rows.length}{lacks !== null && '+'}</span>}</h3>
      {lacks !== null && <Notice tone="warning">{lacks}</Notice>}
      {rows.length === 0 ? lacks === null && <p className="small muted">{none}</p> : <ul className="small">{shown.map(row)}</ul>}
      {shown.length < rows.length && <Button small tone="quiet" onClick={() => setEvery(true)}>{words.showMore}</Button>}
    </div>
  );
}
