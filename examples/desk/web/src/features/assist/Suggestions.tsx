import { Check, Copy, X } from 'lucide-react';
import { useState } from 'react';
import type { Call } from '../../api/types';
import { Button } from '../../ui/controls';
import { toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';
import { talks, type Talk } from './store';
import type { Suggestion } from './transcript';
import { useAssistWords } from './words';

/** What one might say next: the newest, and those before it when one asks. All of it is text, whatever it looks like. */
export function Suggestions({ call, talk }: { call: Call; talk: Talk }) {
  const words = useAssistWords();
  const [every, setEvery] = useState(false);
  // After the call nothing more is written: what was not finished will not be.
  const open = talk.suggestions.filter(({ dismissed, done }) => !dismissed && (done || call.phase === 'active')).reverse();
  const shown = every ? open : open.slice(0, 1);
  return (
    <section className="suggestions" aria-label={words.suggestions.title}>
      <div className="row">
        <h3>{words.suggestions.title}</h3>
        {open.length > 1 && <Button small tone="quiet" className="end" aria-expanded={every} onClick={() => setEvery(!every)}>{every ? words.suggestions.fewer : words.suggestions.earlier(open.length - 1)}</Button>}
      </div>
      {open.length === 0 && <p className="small muted">{words.suggestions.none}</p>}
      <ul>{shown.map((one) => <One key={one.id} ucid={call.ucid} one={one} />)}</ul>
    </section>
  );
}

function One({ ucid, one: { id, text, done } }: { ucid: string; one: Suggestion }) {
  const words = useAssistWords();
  const common = useWords();
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true), () => {});
  return (
    <li aria-busy={!done}>
      <p dir="auto">{text}{!done && <span className="only-read"> {words.suggestions.coming}</span>}</p>
      <span className="row">
        <Button small tone="quiet" blocked={done ? null : words.suggestions.coming} onClick={copy}>{copied ? <Check aria-hidden /> : <Copy aria-hidden />}{copied ? words.suggestions.copied : words.suggestions.copy}</Button>
        <Button small tone="quiet" onClick={() => void talks.dismiss(ucid, id).catch((problem: unknown) => toastProblem(problem, common))}><X aria-hidden />{words.suggestions.dismiss}</Button>
      </span>
    </li>
  );
}
