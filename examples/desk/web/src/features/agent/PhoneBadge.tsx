import { Phone, PhoneOff } from 'lucide-react';
import { owner, softphone } from '../../app';
import { useOwnership, usePhone } from '../../state';
import { Button, Chip } from '../../ui/controls';
import { useWords } from '../../words/words';

/** Whether calls can reach this browser. Never mixed with the agent's state. */
export function PhoneBadge() {
  const words = useWords();
  const phone = usePhone();
  const ownership = useOwnership();
  if (ownership === 'elsewhere') {
    return <Button small tone="quiet" title={words.phone.elsewhere} onClick={() => void owner.command('hand_over').then((why) => { if (why !== 'in_a_call') owner.take(); })}><Phone aria-hidden /><span className="wide">{words.phone.elsewhere}.</span> {words.phone.take}</Button>;
  }
  if (phone.microphone === 'missing' || phone.microphone === 'forbidden') {
    return <Button small tone="quiet" title={words.phone[phone.microphone]} onClick={() => void softphone.useDevices()}><span className="chip bad"><PhoneOff aria-hidden />{phone.microphone === 'missing' ? words.reason['microphone_missing'] : words.reason['microphone_forbidden']}</span></Button>;
  }
  const { registration } = phone;
  const tone = registration === 'registered' ? 'good' : registration === 'refused' ? 'bad' : 'warning';
  return <span role="status" title={registration === 'registered' ? '' : words.phone.notRegisteredWhy}><Chip tone={tone}>{registration === 'registered' ? <Phone aria-hidden /> : <PhoneOff aria-hidden />}<span className="label">{words.phone[registration]}</span></Chip></span>;
}
