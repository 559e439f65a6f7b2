import { ArrowDown, Search } from 'lucide-react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Button } from '../../ui/controls';
import { clock } from '../../words/time';
import type { Talk } from './store';
import { found, joined, pieces, type Entry } from './transcript';
import { useAssistWords } from './words';

/** So near to the end is at the end. */
const NEAR = 32;

/** What was said, newest last. It follows what is said until one scrolls up. */
export function Transcript({ talk: { entries, read } }: { talk: Talk }) {
  const words = useAssistWords();
  const [wanted, want] = useState('');
  const shown = useMemo(() => joined(found(entries, wanted)), [entries, wanted]);
  const searches = wanted.trim() !== '';
  const { list, away, scrolled, toEnd } = useEnd(shown, !searches);
  return (
    <>
      <div className="find" role="search">
        <Search aria-hidden />
        <input type="search" aria-label={words.panel.search} placeholder={words.panel.search} value={wanted} onChange={(event) => want(event.target.value)}
          onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); want(''); } }} />
        <span className="small muted numeric" role="status">{searches ? words.panel.matches(shown.length) : ''}</span>
      </div>
      <div className="said">
        <ol ref={list} tabIndex={0} aria-label={words.panel.title} onScroll={scrolled}>
          {entries.length === 0 && read !== 'asked' && <li className="none muted small">{words.panel.empty}</li>}
          {shown.map((entry, n) => <Line key={entry.id} entry={entry} named={shown[n - 1]?.kind !== 'speech' || shown[n - 1]?.speaker !== entry.speaker} wanted={wanted} />)}
        </ol>
        {away && !searches && <Button small className="newest" onClick={toEnd}><ArrowDown aria-hidden />{words.panel.newest}</Button>}
      </div>
    </>
  );
}

function Line({ entry: { kind, speaker, startMs, endMs, text, final }, named, wanted }: { entry: Entry; named: boolean; wanted: string }) {
  const words = useAssistWords();
  if (kind === 'gap') {
    const seconds = Math.round((endMs - startMs) / 1000);
    return <li className="gap small muted"><span>{seconds > 0 ? words.panel.gap(seconds) : words.panel.gapOpen}</span></li>;
  }
  const who = speaker === 'customer' ? words.panel.customer : speaker === 'agent' ? words.panel.agent : words.panel.other;
  return (
    <li className={`${speaker ?? ''}${final ? '' : ' interim'}`}>
      {named ? <strong className="small">{who}</strong> : <span className="only-read">{who}</span>}
      {named && <time className="small muted">{clock(startMs)}</time>}
      <p dir="auto">{wanted.trim() === '' ? text : pieces(text, wanted).map((piece, n) => n % 2 === 1 ? <mark key={n}>{piece}</mark> : piece)}</p>
    </li>
  );
}

/** Keeps a list at its end while it grows, unless whoever looks at it has scrolled up. */
function useEnd(shown: readonly Entry[], follow: boolean) {
  const list = useRef<HTMLOListElement>(null);
  const follows = useRef(true);
  const [away, setAway] = useState(false);
  const toEnd = () => {
    follows.current = true;
    setAway(false);
    if (list.current) list.current.scrollTop = list.current.scrollHeight;
  };
  useLayoutEffect(() => { if (follow && follows.current) toEnd(); }, [shown, follow]);
  // Less room is another end.
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const size = new ResizeObserver(() => { if (follows.current) element.scrollTop = element.scrollHeight; });
    size.observe(element);
    return () => size.disconnect();
  }, []);
  const scrolled = () => {
    const element = list.current;
    // What was found is another list: where one is in it says nothing of the whole.
    if (!element || !follow) return;
    follows.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    setAway(!follows.current);
  };
  return { list, away, scrolled, toEnd };
}
