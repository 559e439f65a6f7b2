import { usePhone } from '../../state';
import { Notice } from '../../ui/controls';
import { useWords } from '../../words/words';

/** Why what rings here cannot be picked up yet, or the agent is not heard. */
export function NoMicrophone() {
  const words = useWords();
  const { microphone } = usePhone();
  if (microphone !== 'missing' && microphone !== 'forbidden') return null;
  return <div className="body"><Notice tone="bad">{words.phone[microphone]}</Notice></div>;
}
