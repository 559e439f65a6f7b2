import { Chip } from '../../ui/controls';
import { ago, dateAndTime, timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import { isOld } from './figures';

/** When the records were last read that figures are made of. */
export function ReadAt({ at, now }: { at: number; now: number }) {
  const words = useWords();
  const text = words.performance.readAt(timeOfDay(at), ago(now - at, words));
  return <p className="small muted read-at" title={dateAndTime(at)}>{isOld(at, now) ? <Chip tone="warning">{text}</Chip> : text}</p>;
}
