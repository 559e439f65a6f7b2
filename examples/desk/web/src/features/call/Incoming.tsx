import { PanelTopClose, PanelTopOpen, PhoneIncoming, PhoneOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Call } from '../../api/types';
import { usePhone } from '../../state';
import { Button, Chip, Notice } from '../../ui/controls';
import { Window } from '../../ui/Window';
import { grouped } from '../../words/time';
import { useWords } from '../../words/words';
import { beginning, place, usePlace } from '../customer/places';
import { useCustomerName } from '../customer/query';
import { ringsBeside } from '../desk/subject';
import { CustomerBrief } from './CustomerBrief';
import { NoMicrophone } from './NoMicrophone';
import { audio } from './commands';
import { useShortcuts } from './shortcuts';

/**
 * A call that comes in: who it is, and one accept control. The customer popup is the card's upper part; it can be
 * dragged off or closed, Accept and Decline stay where they are.
 */
export function Incoming({ call }: { call: Call }) {
  const words = useWords();
  const phone = usePhone();
  const [popup, setPopup] = useState<'in' | 'off' | 'closed'>('in');
  const { box } = usePlace(call.ucid);
  const ready = phone.leg.kind === 'ringing';
  const accept = () => void audio(words, 'answer');
  const decline = () => void audio(words, 'decline');
  // Accept and Decline are about what the phone rings for.
  const other = ringsBeside(phone.leg, call) ? words.reason['another_rings'] : null;
  useShortcuts({ a: other ? null : accept, d: other ? null : decline });
  useEffect(() => setPopup('in'), [call.ucid]);
  const name = useCustomerName(call) ?? words.unknownName;
  return (
    <section className="card call-card ringing-in" role="alertdialog" aria-label={`${words.call.ringingIn}: ${name}`}>
      <div className="head">
        <h1 dir="auto">{name}</h1>
        <Chip tone="good"><PhoneIncoming aria-hidden />{words.call.ringingIn}</Chip>
        <span className="number muted">{call.number ? grouped(call.number) : call.masked || words.withheld}</span>
        <Button tone="quiet" small icon style={{ justifySelf: 'end' }} aria-label={popup === 'in' ? words.window.detach : words.window.attach} title={popup === 'in' ? words.window.detach : words.window.attach} onClick={() => setPopup(popup === 'in' ? 'off' : 'in')}>{popup === 'in' ? <PanelTopOpen aria-hidden /> : <PanelTopClose aria-hidden />}</Button>
      </div>
      {call.campaign && <p className="facts"><Chip>{call.campaign}</Chip>{call.skill && <Chip>{call.skill}</Chip>}</p>}
      {popup === 'in' && <div className="body"><CustomerBrief call={call} /></div>}
      {popup === 'off' && <Window title={name} start={box ?? beginning(0, { width: innerWidth, height: innerHeight })} onPlaced={(next) => place(call.ucid, { box: next })} onClose={() => setPopup('closed')}><CustomerBrief call={call} /></Window>}
      {!ready && !call.phone.tab && <div className="body"><Notice tone="warning">{words.phone.notRegisteredWhy}</Notice></div>}
      {ready && <NoMicrophone />}
      <div className="controls">
        <Button tone="good" blocked={other} onClick={accept}><PhoneIncoming aria-hidden />{words.call.accept}<kbd aria-hidden>A</kbd></Button>
        <Button className="end" blocked={other} onClick={decline}><PhoneOff aria-hidden />{words.call.decline}<kbd aria-hidden>D</kbd></Button>
      </div>
    </section>
  );
}
