import { useEffect, useId, useRef } from 'react';
import type { Call } from '../../api/types';
import { useMe } from '../../state';
import { Notice, Button } from '../../ui/controls';
import { useWords } from '../../words/words';
import { StandingChip } from './Sign';
import { talks, useStanding, useTalk, type Talk } from './store';
import { Suggestions } from './Suggestions';
import { Transcript } from './Transcript';
import { useAssistWords } from './words';
import './assist.css';

/** Beside the call, and after it: what was said, and what one might say. */
export function Panel({ call }: { call: Call }) {
  const words = useAssistWords();
  const common = useWords();
  const { data: me } = useMe();
  const talk = useTalk(call.ucid);
  const standing = useStanding(call);
  // Until they talk there is room for what is known of the customer.
  const there = standing !== null && call.phase !== 'calling' && call.phase !== 'ringing';
  const title = useId();
  useEffect(() => { if (there && talks.of(call.ucid).read === 'no') void talks.read(call.ucid); }, [call.ucid, there]);
  if (!standing || !there) return null;
  return (
    <section className="card assist" aria-labelledby={title}>
      <header>
        <h2 id={title}>{words.panel.title}</h2>
        {call.phase === 'active' && <span className="end"><StandingChip standing={standing} /></span>}
      </header>
      {me?.assist?.standIn && <p className="small muted stand-in">{words.panel.standIn}</p>}
      {me?.assist?.suggestions && <Suggestions call={call} talk={talk} />}
      {talk.read === 'failed' && <div className="failed"><Notice tone="warning" action={<Button small onClick={() => void talks.read(call.ucid)}>{common.retry}</Button>}>{words.panel.failed}</Notice></div>}
      {me?.assist?.transcript && <Transcript key={call.ucid} talk={talk} />}
      <Spoken talk={talk} />
    </section>
  );
}

const SPOKEN = 3;

/** For whoever cannot see it: sentences and suggestions once they are finished, never while they change, and none of before. */
function Spoken({ talk }: { talk: Talk }) {
  const words = useAssistWords();
  const whole = [
    ...talk.entries.filter(({ kind, final }) => kind === 'speech' && final).map(({ id, speaker, text }) => ({ key: `e${id}`, text: `${speaker === 'customer' ? words.panel.customer : speaker === 'agent' ? words.panel.agent : words.panel.other}: ${text}` })),
    ...talk.suggestions.filter(({ done, dismissed }) => done && !dismissed).map(({ id, text }) => ({ key: `s${id}`, text: `${words.suggestions.title}: ${text}` })),
  ];
  const before = useRef(new Set<string>());
  const seen = useRef<string[]>([]);
  if (talk.read !== 'yes') whole.forEach(({ key }) => before.current.add(key));
  const fresh = whole.filter(({ key }) => !before.current.has(key));
  seen.current = [...seen.current.filter((key) => fresh.some((one) => one.key === key)), ...fresh.map(({ key }) => key).filter((key) => !seen.current.includes(key))];
  const last = seen.current.slice(-SPOKEN).flatMap((key) => fresh.filter((one) => one.key === key));
  return <div className="only-read" aria-live="polite" aria-relevant="additions">{last.map(({ key, text }) => <p key={key}>{text}</p>)}</div>;
}
