import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { get, post } from '../../api/client';
import { KEYS } from '../../live/cache';
import { useAgents, useStale } from '../../state';
import { Button, Chip, Empty, Field, Lacks, Notice } from '../../ui/controls';
import { sentence, toast, toastProblem } from '../../ui/toasts';
import { grouped } from '../../words/time';
import { useWords } from '../../words/words';

/** Leads, and whose they are: an agent's, or everyone's. */
export function Leads() {
  const words = useWords();
  const cache = useQueryClient();
  const agents = useAgents();
  const stale = useStale();
  const [q, setQ] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [agent, setAgent] = useState('');
  const list = useInfiniteQuery({
    queryKey: [...KEYS.leads, q],
    queryFn: ({ pageParam }) => get('/api/leads', { query: { q, cursor: pageParam, limit: 50 } }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const assign = useMutation({
    mutationFn: () => post('/api/leads/assign', { leads: [...chosen], agent: agent || null }),
    onSuccess: async ({ assigned }) => {
      toast('good', words.team.assigned(assigned, agent || words.team.everyone));
      setChosen(new Set());
      await cache.invalidateQueries({ queryKey: KEYS.leads });
    },
    onError: (problem) => toastProblem(problem, words),
  });
  const toggle = (id: string) => setChosen((before) => {
    const after = new Set(before);
    if (!after.delete(id)) after.add(id);
    return after;
  });
  const leads = list.data?.pages.flatMap((page) => page.leads) ?? [];
  const unreadable = list.data?.pages.reduce((sum, page) => sum + page.unreadable, 0) ?? 0;
  const all = leads.length > 0 && leads.every(({ id }) => chosen.has(id));
  return (
    <>
      <form className="body row" style={{ alignItems: 'flex-end' }} onSubmit={(event) => { event.preventDefault(); if (chosen.size > 0 && !assign.isPending && !stale) assign.mutate(); }}>
        <div className="grow"><Field label={words.team.search}>{(ids) => <input {...ids} type="search" value={q} onChange={(event) => setQ(event.target.value)} />}</Field></div>
        <Field label={words.team.assignTo}>{(ids) => <select {...ids} value={agent} onChange={(event) => setAgent(event.target.value)}><option value="">{words.team.everyone}</option>{agents.map((one) => <option key={one.agent} value={one.agent}>{one.name || one.agent}</option>)}</select>}</Field>
        <Button type="submit" tone="primary" blocked={stale ? words.reason['stale'] : chosen.size === 0 ? words.team.choose : assign.isPending ? words.loading : null}>{words.team.assignN(chosen.size)}</Button>
      </form>
      {list.isError && <div className="body"><Notice tone="bad" action={<Button small onClick={() => void list.refetch()}>{words.retry}</Button>}>{sentence(list.error, words).title}</Notice></div>}
      {list.isPending ? <p className="empty" role="status">{words.loading}</p>
        : leads.length === 0 ? !list.isError && unreadable === 0 && !list.hasNextPage && <Empty title={q ? words.team.noMatch : words.team.noLeads} />
        : (
          <table>
            <thead><tr><th><input type="checkbox" aria-label={words.team.all} checked={all} onChange={() => setChosen(all ? new Set() : new Set(leads.map(({ id }) => id)))} /></th><th>{words.admin.name}</th><th>{words.history.number}</th><th>{words.team.source}</th><th>{words.history.agent}</th></tr></thead>
            <tbody>
              {leads.map((lead) => (
                <tr key={lead.id}>
                  <td><input type="checkbox" aria-label={lead.name || lead.number} checked={chosen.has(lead.id)} onChange={() => toggle(lead.id)} /></td>
                  <td dir="auto">{lead.name}</td><td className="number">{grouped(lead.number)}</td><td>{lead.source ?? ''}</td>
                  <td>{lead.assignedTo ?? <Chip>{words.team.everyone}</Chip>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      {unreadable > 0 && <Lacks>{words.team.unreadable(unreadable)}</Lacks>}
      {list.hasNextPage && <div className="body"><Button onClick={() => void list.fetchNextPage()}>{words.showMore}</Button></div>}
    </>
  );
}
