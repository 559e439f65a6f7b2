import { Phone, PhoneOff } from 'lucide-react';
import { keeper, owner, softphone } from '../../app';
import { useOwnership, usePhone } from '../../state';
import { Button, Chip } from '../../ui/controls';
import { toast } from '../../ui/toasts';
import { useWords } from '../../words/words';
import { reasonIn } from '../call/commands';
import { takePhone } from './taking';

/** Whether calls can reach this browser. Never mixed with the agent's state. */
export function PhoneBadge() {
  const words = useWords();
  const phone = usePhone();
  const ownership = useOwnership();
  if (ownership === 'elsewhere') {
    const take = () => void takePhone(owner, (why) => toast('warning', words.phone.elsewhere, reasonIn(words, why)));
    return <Button small tone="quiet" title={words.phone.elsewhere} onClick={take}><Phone aria-hidden /><span className="wide">{words.phone.elsewhere}.</span> {words.phone.take}</Button>;
  }
  const { registration } = phone;
  if (registration === 'failed' || registration === 'refused') {
    // A new start would end the call that is up.
    const again = () => { if (phone.leg.kind === 'idle') keeper.restart(); else softphone.registerAgain(); };
    return <Button small tone="quiet" title={words.phone.notRegisteredWhy} onClick={again}><span className="chip bad"><PhoneOff aria-hidden />{words.phone[registration]}</span> {words.retry}</Button>;
  }
  if (phone.microphone === 'missing' || phone.microphone === 'forbidden') {
    return <Button small tone="quiet" title={words.phone[phone.microphone]} onClick={() => void softphone.useDevices()}><span className="chip bad"><PhoneOff aria-hidden />{phone.microphone === 'missing' ? words.reason['microphone_missing'] : words.reason['microphone_forbidden']}</span></Button>;
  }
  return <span role="status" title={registration === 'registered' ? '' : words.phone.notRegisteredWhy}><Chip tone={registration === 'registered' ? 'good' : 'warning'}>{registration === 'registered' ? <Phone aria-hidden /> : <PhoneOff aria-hidden />}<span className="label">{words.phone[registration]}</span></Chip></span>;
}
