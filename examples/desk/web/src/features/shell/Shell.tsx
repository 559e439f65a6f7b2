import { lazy, Suspense, useEffect, useState } from 'react';
import { whenSignedOut } from '../../api/client';
import type { Me } from '../../api/types';
import { begin } from '../../app';
import { useMe, useStanding } from '../../state';
import { Notice } from '../../ui/controls';
import { inZone } from '../../words/time';
import { useWords } from '../../words/words';
import { FirstPassword, SignInForm } from '../sign-in/SignIn';

const Pages = lazy(() => import('./Pages'));
const SetUp = lazy(() => import('../sign-in/SetUp'));

const LONGEST_MS = 1_500;

/** Whether the stream has said what is: what is asked before that would have to be asked again. It is not waited for long. */
function useOpened(): boolean {
  const standing = useStanding();
  const [opened, open] = useState(false);
  useEffect(() => {
    if (standing === 'live') { open(true); return; }
    const timer = setTimeout(() => open(true), LONGEST_MS);
    return () => clearTimeout(timer);
  }, [standing]);
  return opened;
}

function Waiting() {
  const words = useWords();
  // Loaded meanwhile.
  useEffect(() => void import('./Pages'), []);
  return <p className="sign-in muted" role="status">{words.loading}</p>;
}

/** The page of whoever asks: sign-in, a first password, or the desk. */
export function Shell() {
  const words = useWords();
  const me = useMe();
  // Whoever was signed in stays on the page when the session ends: a password above it, nothing unmounted.
  const [kept, setKept] = useState<Me | null>(null);
  const [ended, setEnded] = useState(false);
  useEffect(() => whenSignedOut(() => setEnded(true)), []);
  useEffect(() => {
    if (!me.data) return;
    inZone(me.data.zone);
    setKept(me.data);
    setEnded(false);
    if (!me.data.mustChangePassword) begin(me.data.agents.length > 0);
  }, [me.data, me.dataUpdatedAt]);

  const opened = useOpened();
  const who = me.data ?? kept;
  if (me.isPending && !kept) return <p className="sign-in muted" role="status">{words.loading}</p>;
  if (!who && location.pathname === '/setup') return <main className="sign-in"><Suspense><SetUp /></Suspense></main>;
  if (!who) return <main className="sign-in">{me.isError ? <Notice tone="bad">{words.signIn.unreachable}</Notice> : <SignInForm />}</main>;
  if (who.mustChangePassword) return <FirstPassword email={who.email ?? ''} />;
  return (
    <>
      <Suspense fallback={<p className="sign-in muted" role="status">{words.loading}</p>}>{opened ? <Pages me={who} /> : <Waiting />}</Suspense>
      {(ended || !me.data) && (
        <div className="backdrop">
          <div className="sign-in" role="dialog" aria-modal="true" aria-label={words.signIn.again} onKeyDown={(event) => event.stopPropagation()}>
            <SignInForm again={{ email: who.email ?? '' }} />
          </div>
        </div>
      )}
    </>
  );
}

