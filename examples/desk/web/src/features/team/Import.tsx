import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem, problemOf } from '../../api/problem';
import type { Imported } from '../../api/types';
import { KEYS } from '../../live/cache';
import { Button, Field, Notice } from '../../ui/controls';
import { sentence } from '../../ui/toasts';
import { useWords } from '../../words/words';

/** Leads of a file. What is left out is told line by line. */
export function Import() {
  const words = useWords();
  const [file, setFile] = useState<File | null>(null);
  const cache = useQueryClient();
  const send = useMutation({
    // One that stopped half-way has stored leads, too.
    onSettled: () => cache.invalidateQueries({ queryKey: KEYS.leads }),
    mutationFn: async (): Promise<Imported> => {
      const response = await fetch('/api/leads/import', { method: 'POST', headers: { 'content-type': 'text/csv' }, body: file });
      if (!response.ok) throw await problemOf(response);
      return await response.json() as Imported;
    },
  });
  const { error, data } = send;
  return (
    <form className="stack" onSubmit={(event) => { event.preventDefault(); if (file && !send.isPending) send.mutate(); }}>
      <Field label={words.team.file}>{(ids) => <input {...ids} type="file" accept=".csv,text/csv" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />}</Field>
      <div className="row"><Button type="submit" tone="primary" blocked={file ? (send.isPending ? words.loading : null) : words.team.file}>{words.team.import}</Button></div>
      {error && <Notice tone="bad"><p>{sentence(error, words).title}</p>{error instanceof Problem && error.body.errors?.map(({ path, text }) => <p key={path} className="small">{path}: {text}</p>)}</Notice>}
      {data && <Notice tone={data.leftOut.length > 0 ? 'warning' : 'good'}><p>{words.team.imported(data.imported, data.leftOutCount)}</p>{data.leftOut.slice(0, 20).map(({ line, reason }) => <p key={line} className="small">{line}: {reason}</p>)}</Notice>}
    </form>
  );
}
