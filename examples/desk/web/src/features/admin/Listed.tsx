import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useStale } from '../../state';
import { Button, Empty, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { useWords } from '../../words/words';

interface Props<T> { title: string; query: UseQueryResult<T>; empty: string; isEmpty: (data: T) => boolean; children: (data: T) => ReactNode; below?: ReactNode }

/** A card with what was asked for: while it is, if there is none, and if the question failed. */
export function Listed<T>({ title, query, empty, isEmpty, children, below }: Props<T>) {
  const words = useWords();
  return (
    <section className="card" aria-label={title}>
      <header><h2>{title}</h2></header>
      {query.isError ? <div className="body"><Notice tone="bad" action={<Button small onClick={() => void query.refetch()}>{words.retry}</Button>}>{sentence(query.error, words).title}</Notice></div>
        : query.data === undefined ? <p className="empty" role="status">{words.loading}</p>
        : isEmpty(query.data) ? <Empty title={empty} />
        : children(query.data)}
      {below}
    </section>
  );
}

/** Why a change waits; `null` if it does not: what is on a page that is out of date may have been changed meanwhile. */
export function useWaits(isPending = false): string | null {
  const words = useWords();
  const stale = useStale();
  return stale ? words.reason[stale] ?? stale : isPending ? words.loading : null;
}

/** Why a change did not work. */
export function Wrong({ error }: { error: unknown }) {
  const words = useWords();
  if (!error) return null;
  const { title, text } = sentence(error, words);
  return <div className="wide"><Notice tone="bad"><p>{title}</p>{text && <p>{text}</p>}</Notice></div>;
}
