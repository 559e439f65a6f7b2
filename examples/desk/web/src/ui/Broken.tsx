import { Component, Suspense, useEffect, type ReactNode } from 'react';
import { askForUpgrade, reloadOnce } from '../live/build';
import { useInCall, useOutdated } from '../state';
import { useWords } from '../words/words';
import { Button, Notice } from './controls';
import { NotLoaded, askAgainForParts } from './lazily';

interface Props {
  children: ReactNode;
  /** Whether it is all of the page, which is loaded anew by itself where the desk has a newer one and nothing is lost by it. */
  whole?: boolean;
}

/** A part that broke says so and can be loaded again; the rest of the page, and a call, go on. */
export class Broken extends Component<Props, { why: unknown }> {
  override state = { why: null };

  static getDerivedStateFromError(why: unknown) { return { why: why ?? new Error() }; }

  override render() {
    const { why } = this.state;
    if (why === null) return this.props.children;
    return <Failed notLoaded={(why as unknown) instanceof NotLoaded} whole={this.props.whole ?? false} onAgain={() => { askAgainForParts(); this.setState({ why: null }); }} />;
  }
}

function Failed({ notLoaded, whole, onAgain }: { notLoaded: boolean; whole: boolean; onAgain: () => void }) {
  const words = useWords();
  const outdated = useOutdated();
  const inCall = useInCall();
  useEffect(() => { if (notLoaded) void askForUpgrade(); }, [notLoaded]);
  const reloads = outdated && notLoaded && whole && !inCall;
  useEffect(() => { if (reloads) reloadOnce(); }, [reloads]);
  const action = notLoaded && outdated
    ? <Button small blocked={inCall ? words.phone.leave : null} onClick={() => location.reload()}>{words.live.load}</Button>
    : <Button small onClick={onAgain}>{words.problem.reload}</Button>;
  const text = !notLoaded ? words.problem.crashed : outdated ? words.live.upgraded : words.problem.notLoaded;
  return <div className={whole ? 'page' : 'part'}><Notice tone="bad" action={action}>{text}</Notice></div>;
}

/** A part of the page that comes when it is loaded, and breaks for itself. */
export function Part({ children, fallback = null }: { children: ReactNode; fallback?: ReactNode }) {
  return <Broken><Suspense fallback={fallback}>{children}</Suspense></Broken>;
}
