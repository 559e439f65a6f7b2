import { useState } from 'react';
import { Button } from '../../ui/controls';
import { useWords } from '../../words/words';

const TONES = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];

/** Tones by mouse and by keys. */
export function Keypad({ onKey }: { onKey: (tone: string) => void }) {
  const words = useWords();
  const [pressed, setPressed] = useState('');
  const press = (tone: string) => { setPressed((before) => (before + tone).slice(-24)); onKey(tone); };
  return (
    <div className="stack" role="group" aria-label={words.call.keypad}
      onKeyDown={(event) => { if (TONES.includes(event.key)) { event.preventDefault(); press(event.key); } }}>
      <output className="numeric" aria-live="polite">{pressed || ' '}</output>
      <div className="keypad">{TONES.map((tone, at) => <Button key={tone} autoFocus={at === 0} onClick={() => press(tone)}>{tone}</Button>)}</div>
    </div>
  );
}
