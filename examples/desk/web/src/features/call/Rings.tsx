import { PhoneIncoming, PhoneOff } from 'lucide-react';
import { Button, Chip } from '../../ui/controls';
import { useWords } from '../../words/words';
import { audio } from './commands';
import { NoMicrophone } from './NoMicrophone';
import { useShortcuts } from './shortcuts';

/** The phone rings here, and the card is about something else: what rings is picked up or declined all the same. */
export function Rings({ dials }: { dials: boolean }) {
  const words = useWords();
  const accept = () => void audio(words, 'answer');
  const decline = () => void audio(words, 'decline');
  useShortcuts({ a: accept, d: decline });
  return (
    <section className="card call-card ringing-in" role="alert" aria-label={words.call.ringing}>
      <p className="head"><Chip tone="good"><PhoneIncoming aria-hidden />{dials ? words.call.ringing : words.call.ringingIn}</Chip></p>
      <NoMicrophone />
      <div className="controls">
        <Button tone="good" onClick={accept}><PhoneIncoming aria-hidden />{dials ? words.call.pickUp : words.call.accept}<kbd aria-hidden>A</kbd></Button>
        <Button className="end" onClick={decline}><PhoneOff aria-hidden />{words.call.decline}<kbd aria-hidden>D</kbd></Button>
      </div>
    </section>
  );
}
