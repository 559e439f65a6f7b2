import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem, ask } from '../../api/client';
import type { Imported } from '../../api/types';
import { KEYS } from '../../live/cache';
import { useStale } from '../../state';
import { Button, Field, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { useWords } from '../../words/words';

/** Leads of a file. What is left out is told line by line. */
export function Import() {
  const words = useWords();
  const [file, setFile] = useState<File | null>(null);
  const cache = useQueryClient();
  const stale = useStale();
  const send = useMutation({
    // Also after an answer that was lost, and of one that stopped half-way: they may be in.
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.leads }),
    mutationFn: () => ask<Imported>('POST', '/api/leads/import', { body: file, type: 'text/csv' }),
  });
  const { error, data } = send;
  const failed = error && sentence(error, words);
  return (
    <form className="stack" onSubmit={(event) => { event.preventDefault(); if (file && !stale && !send.isPending) send.mutate(); }}>
      <Field label={words.team.file}>{(ids) => <input {...ids} type="file" accept=".csv,text/csv" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />}</Field>
      <div className="row"><Button type="submit" tone="primary" blocked={stale ? words.reason['stale'] : file ? (send.isPending ? words.loading : null) : words.team.file}>{words.team.import}</Button></div>
      {failed && <Notice tone="bad"><p>{failed.title}</p>{failed.text && <p>{failed.text}</p>}{error instanceof Problem && error.body.errors?.map(({ path, text }) => <p key={path} className="small">{path}: {text}</p>)}</Notice>}
      {data && <Notice tone={data.leftOut.length > 0 ? 'warning' : 'good'}><p>{words.team.imported(data.imported, data.leftOutCount)}</p>{data.leftOut.slice(0, 20).map(({ line, reason }) => <p key={line} className="small">{line}: {reason}</p>)}</Notice>}
    </form>
  );
}
