import { CalendarPlus, Circle, Grid3x3, Mic, MicOff, MoreHorizontal, Pause, Phone, PhoneCall, PhoneIncoming, PhoneOff, Play, Users } from 'lucide-react';
import { useState } from 'react';
import type { Call } from '../../api/types';
import { useAssist } from '../../assist';
import { useNow, usePhone } from '../../state';
import { Button, Chip, Empty, Notice } from '../../ui/controls';
import { Menu } from '../../ui/Menu';
import { clock, grouped, timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import { ringsBeside } from '../desk/subject';
import type { Selected } from '../lead/query';
import { TransferDialog } from '../transfer/TransferDialog';
import { useCustomerName } from '../customer/query';
import { phaseText } from './phase';
import { useHolder } from './claims';
import { audio, reasonIn } from './commands';
import { useControls } from './controls';
import { dial } from './dialing';
import { Incoming } from './Incoming';
import { Keypad } from './Keypad';
import { NoMicrophone } from './NoMicrophone';
import { Notes } from './Notes';
import { Participants } from './Participants';
import { useDialBlock } from './placing';
import { useShortcuts } from './shortcuts';

interface Booking { booking: boolean; onBook: () => void }

/** The one raised thing on the page: the call, or what to do without one. Buttons follow the desk's record. */
export function CallCard({ call, selected, ...book }: { call: Call | null; selected: Selected | null } & Booking) {
  if (!call) return <NoCall selected={selected} />;
  if (call.direction === 'inbound' && call.phase === 'ringing') return <Incoming call={call} />;
  return <ActiveCard key={call.ucid} call={call} {...book} />;
}

/** What to do without a call: whoever was chosen in a list is one press away. */
function NoCall({ selected }: { selected: Selected | null }) {
  const words = useWords();
  const cannot = useDialBlock(false);
  const number = selected?.number ?? null;
  const by = useHolder()({ number });
  const taken = by === null ? null : words.worklist.claimed(by);
  return (
    <section className="card">
      <Empty icon={<PhoneCall aria-hidden />} title={words.call.none}>
        <p>{words.call.noneWhy}</p>
        {selected !== null && number !== null && (
          <Button tone="primary" blocked={cannot ?? taken} onClick={() => void dial({ number, name: selected.name, leadId: selected.leadId ?? null, missedId: selected.missedId ?? null })}>
            <Phone aria-hidden />{words.worklist.call(selected.name ?? grouped(number))}
          </Button>
        )}
        {taken && <p className="small">{taken}</p>}
      </Empty>
    </section>
  );
}

function ActiveCard({ call, booking, onBook }: { call: Call } & Booking) {
  const words = useWords();
  const now = useNow();
  const phone = usePhone();
  const { command, blocked, waits, muted, mute, canMute, hold, canHold, end, canEnd } = useControls(call);
  const [keys, setKeys] = useState(false);
  const [transfer, setTransfer] = useState(false);
  const assist = useAssist();
  const name = useCustomerName(call);
  const here = phone.leg.kind === 'up';
  const since = call.answeredAt ?? call.askedAt ?? call.ringingAt;
  const record = () => command.mutate({ verb: 'recording', action: call.recording === 'paused' ? 'resume' : 'pause' });
  useShortcuts({ m: canMute ? null : mute, h: canHold ? null : hold, e: canEnd ? null : end });
  const unheard = call.phase === 'active' && !call.phone.heard && !here;
  const recordVerb = call.recording === 'paused' ? 'resumeRecording' : 'pauseRecording';
  const pickUp = phone.leg.kind === 'ringing' && phone.leg.answer === 'ask' && !ringsBeside(phone.leg, call);
  return (
    <section className="card call-card" aria-label={phaseText(call, words)}>
      <div className="head">
        <h1 dir="auto">{name ?? (call.number ? grouped(call.number) : call.masked || words.withheld)}</h1>
        {since !== null && <time className="clock" aria-hidden>{clock(now - since)}</time>}
        {name !== null && <span className="number muted">{call.number ? grouped(call.number) : call.masked || words.withheld}</span>}
      </div>
      <p className="facts" role="status">
        <Chip tone={call.phase === 'active' ? (call.held ? 'warning' : 'good') : 'blue'}>{phaseText(call, words)}</Chip>
        {call.recording === 'on' && <Chip><Circle aria-hidden fill="currentColor" />{words.call.recorded}</Chip>}
        {call.recording === 'paused' && <Chip tone="warning"><Pause aria-hidden />{words.call.recordingPaused(call.recordingPausedAt === null ? '' : timeOfDay(call.recordingPausedAt))}</Chip>}
        {assist && <assist.Sign call={call} />}
        {muted && <Chip tone="warning"><MicOff aria-hidden />{words.call.muted}</Chip>}
        {call.campaign && <Chip>{call.campaign}</Chip>}
        <Chip>{call.direction === 'inbound' ? words.call.inbound : words.call.outbound}</Chip>
      </p>
      {pickUp && <div className="body"><Button tone="good" onClick={() => void audio(words, 'answer')}><PhoneIncoming aria-hidden />{words.call.pickUp}</Button></div>}
      {(pickUp || (here && call.phase === 'active')) && <NoMicrophone />}
      {unheard && (
        <div className="body"><Notice tone="bad" action={<Button small blocked={blocked('reconnect')} onClick={() => command.mutate({ verb: 'reconnect' })}>{words.phone.reconnect}</Button>}>
          <p><strong>{words.phone.unheard}</strong></p><p>{words.phone.unheardWhy}</p>
          {call.can['reconnect'] && <p className="small muted">{words.phone.reconnect}: {reasonIn(words, call.can['reconnect'])}</p>}
        </Notice></div>
      )}
      {call.phone.inviteMissing && <div className="body"><Notice tone="warning">{words.phone.inviteMissing(call.phone.inviteSetting)}</Notice></div>}
      {call.dial?.state === 'unknown' && <div className="body"><Notice tone="warning"><p><strong>{words.call.unknownTitle}</strong></p><p>{words.call.unknownWhy}</p><p className="small muted">{words.call.reference(call.dial.reference)}</p></Notice></div>}
      <div className="controls">
        <Button className={muted ? 'on' : ''} blocked={canMute} onClick={mute}>{muted ? <MicOff aria-hidden /> : <Mic aria-hidden />}{muted ? words.call.unmute : words.call.mute}<kbd aria-hidden>M</kbd></Button>
        <Button className={call.held ? 'on' : ''} blocked={canHold} onClick={hold}>{call.held ? <Play aria-hidden /> : <Pause aria-hidden />}{call.held ? words.call.resume : words.call.hold}<kbd aria-hidden>H</kbd></Button>
        <Button aria-expanded={keys} className={keys ? 'on' : ''} blocked={blocked('keypad')} onClick={() => setKeys(!keys)}><Grid3x3 aria-hidden />{words.call.keypad}</Button>
        <Button aria-expanded={booking} className={booking ? 'on' : ''} onClick={onBook}><CalendarPlus aria-hidden />{words.call.book}</Button>
        <Button className="second" blocked={blocked('transfer')} onClick={() => setTransfer(true)}><Users aria-hidden />{words.call.transfer}</Button>
        <Button className={call.recording === 'paused' ? 'second on' : 'second'} blocked={blocked(recordVerb) ?? waits} onClick={record}><Circle aria-hidden />{call.recording === 'paused' ? words.call.resumeRec : words.call.pauseRec}</Button>
        <span className="in-more">
          <Menu trigger={<Button><MoreHorizontal aria-hidden />{words.more}</Button>} entries={[
            { key: 'transfer', label: words.call.transfer, blocked: blocked('transfer'), onSelect: () => setTransfer(true) },
            { key: 'record', label: call.recording === 'paused' ? words.call.resumeRec : words.call.pauseRec, blocked: blocked(recordVerb), onSelect: record },
          ]} />
        </span>
        <Button tone="bad" className="end" blocked={canEnd} onClick={end}><PhoneOff aria-hidden />{words.call.end}<kbd aria-hidden>E</kbd></Button>
      </div>
      {keys && <div className="body"><Keypad onKey={(tone) => void audio(words, 'keys', tone)} /></div>}
      {call.participants.length > 2 && <div className="body"><Participants call={call} /></div>}
      {call.phase === 'active' && <div className="body notes"><Notes call={call} /></div>}
      {transfer && <TransferDialog call={call} onClose={() => setTransfer(false)} />}
    </section>
  );
}
