import { Suspense, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { Me } from '../../api/types';
import { stream } from '../../app';
import { useAssist } from '../../assist';
import { PAGES, homeOf, pagesOf } from '../../routes';
import { useInCall, useOutdated, useStanding } from '../../state';
import { Broken } from '../../ui/Broken';
import { Button, Empty, Notice } from '../../ui/controls';
import { timeOfDay } from '../../words/time';
import { useWords } from '../../words/words';
import { AgentBadge } from '../agent/AgentBadge';
import { PhoneBadge } from '../agent/PhoneBadge';
import { CallBar } from '../call/CallBar';
import { News } from './News';
import { Profile } from './Profile';

/** The frame around every page: navigation, the agent, the phone, the profile. */
export default function Pages({ me }: { me: Me }) {
  const words = useWords();
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const pages = pagesOf(me);
  const own = me.agents[0] ?? null;
  const at = path === '/' && !pages.some((page) => page.path === '/') ? homeOf(me) : path;
  const known = PAGES.find((page) => page.path === at) ?? (at === '/devices' ? null : undefined);
  const page = known && pages.includes(known) ? known : null;
  const title = page ? page.title(words) : words.app;
  useEffect(() => { document.title = `${title} · ${words.app}`; }, [title, words]);
  // A new page is announced and focused; the first one is not, so that it does not take the focus from the address bar.
  const first = useRef(true);
  useEffect(() => {
    if (first.current) { first.current = false; return; }
    main.current?.focus();
  }, [at]);
  const Content = page?.page;
  const assist = useAssist();
  return (
    <div className="shell">
      {assist && <assist.Capture />}
      <a className="button skip" href="#main">{words.skip}</a>
      <nav aria-label={words.navigation.label}>
        <img src="/logo.svg" alt="" />
        {pages.map(({ path: to, title: name, icon: Icon }) => (
          <Link key={to} href={to} aria-current={at === to ? 'page' : undefined}><Icon aria-hidden />{name(words)}</Link>
        ))}
      </nav>
      <header className="bar">
        {own !== null && <><AgentBadge agent={own} /><PhoneBadge /></>}
        <span className="end" />
        <Profile me={me} />
      </header>
      <div className="calls">{own !== null && at !== '/' && <CallBar agent={own} />}</div>
      {own !== null && <News agent={own} />}
      <main id="main" ref={main} tabIndex={-1} aria-label={title}>
        <StaleNotice />
        <UpgradeNotice />
        <Broken key={at} whole>
          <Suspense fallback={<p className="page muted" role="status">{words.loading}</p>}>
            {Content ? <Content /> : <Empty title={page === null && known ? words.problem.forbidden : words.problem.notFound} />}
          </Suspense>
        </Broken>
      </main>
    </div>
  );
}

/** What the page does not know since when. */
function StaleNotice() {
  const words = useWords();
  const standing = useStanding();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    setShown(false);
    if (standing === 'live') return;
    const timer = setTimeout(() => setShown(true), 1_500);
    return () => clearTimeout(timer);
  }, [standing]);
  if (!shown || standing === 'live') return null;
  const since = timeOfDay(stream.staleSince ?? Date.now());
  return <div className="stale"><Notice tone="warning">{!navigator.onLine ? words.live.offline : standing === 'away' ? words.live.away : standing === 'connecting' ? words.live.connecting : words.live.stale(since)}</Notice></div>;
}

/** The desk has a newer page: loaded when it suits, since parts of this one may not come any more. */
function UpgradeNotice() {
  const words = useWords();
  const inCall = useInCall();
  if (!useOutdated()) return null;
  return <div className="stale"><Notice action={<Button small blocked={inCall ? words.phone.leave : null} onClick={() => location.reload()}>{words.live.load}</Button>}>{words.live.upgraded}</Notice></div>;
}
