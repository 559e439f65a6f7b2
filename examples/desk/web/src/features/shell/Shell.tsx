import { useQueryClient } from '@tanstack/react-query';
import { Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { whenSignedOut } from '../../api/client';
import type { Me } from '../../api/types';
import { begin, whose } from '../../app';
import { KEYS } from '../../live/cache';
import { useMe, useStanding } from '../../state';
import { Broken, Part } from '../../ui/Broken';
import { Notice } from '../../ui/controls';
import { lazily } from '../../ui/lazily';
import { inZone } from '../../words/time';
import { useWords } from '../../words/words';
import { FirstPassword, SignInForm } from '../sign-in/SignIn';

const Pages = lazily(() => import('./Pages'));
const SetUp = lazily(() => import('../sign-in/SetUp'));

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
  useEffect(() => { import('./Pages').catch(() => {}); }, []);
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
    whose.is(me.data.id);
    if (!me.data.mustChangePassword) begin(me.data.id, me.data.agents.length > 0);
  }, [me.data, me.dataUpdatedAt]);

  const isOver = ended || (!me.data && kept !== null);
  const cache = useQueryClient();
  useEffect(() => {
    whose.onAgain = () => { if (isOver) void cache.invalidateQueries({ queryKey: KEYS.me }); };
  }, [isOver, cache]);
  const opened = useOpened();
  const who = me.data ?? kept;
  if (me.isPending && !kept) return <p className="sign-in muted" role="status">{words.loading}</p>;
  if (!who && location.pathname === '/setup') return <main className="sign-in"><Part><SetUp /></Part></main>;
  if (!who) return <main className="sign-in">{me.isError ? <Notice tone="bad">{words.signIn.unreachable}</Notice> : <SignInForm />}</main>;
  if (who.mustChangePassword) return <FirstPassword email={who.email ?? ''} />;
  return (
    <>
      <Broken whole><Suspense fallback={<p className="sign-in muted" role="status">{words.loading}</p>}>{opened ? <Pages me={who} /> : <Waiting />}</Suspense></Broken>
      {isOver && <SessionEnded email={who.email ?? ''} />}
    </>
  );
}

/** Above everything, a dialog that is open as well: what is on the page stays, and waits. It cannot be dismissed. */
function SessionEnded({ email }: { email: string }) {
  const words = useWords();
  const element = useRef<HTMLDialogElement>(null);
  const open = () => {
    const dialog = element.current;
    if (!dialog || dialog.open) return;
    dialog.showModal();
    dialog.querySelector<HTMLInputElement>('input[type=password]')?.focus();
  };
  useLayoutEffect(() => {
    const dialog = element.current;
    open();
    // A dialog that comes by itself shares the Escape of the one below, which would go with all that was typed in it.
    const escape = (event: KeyboardEvent) => { if (event.key === 'Escape') event.preventDefault(); };
    addEventListener('keydown', escape, true);
    return () => {
      removeEventListener('keydown', escape, true);
      dialog?.close();
    };
  }, []);
  return (
    <dialog ref={element} className="session-ended backdrop" aria-label={words.signIn.again} onCancel={(event) => event.preventDefault()} onClose={open} onKeyDown={(event) => event.stopPropagation()}>
      <div className="sign-in"><SignInForm again={{ email }} /></div>
    </dialog>
  );
}
