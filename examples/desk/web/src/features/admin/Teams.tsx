import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { at, get, put, remove } from '../../api/client';
import { Problem } from '../../api/problem';
import type { Team } from '../../api/types';
import { KEYS } from '../../live/cache';
import { Dialog } from '../../ui/Dialog';
import { Button, Field, Notice } from '../../ui/controls';
import { useWords } from '../../words/words';
import { useLinks } from './Links';
import { Listed, Wrong, useWaits } from './Listed';
import { useUsers } from './Users';

/** Which supervisors look after which agents. */
export function Teams() {
  const words = useWords();
  const users = useUsers();
  const [editing, edit] = useState<Team | 'new' | null>(null);
  const teams = useQuery({ queryKey: KEYS.teams, queryFn: () => get('/api/admin/teams') });
  const name = (id: string) => users.data?.find((user) => user.id === id)?.name ?? id;
  return (
    <>
      <Listed title={words.admin.teams} query={teams} empty={words.admin.noTeams} isEmpty={(list) => list.length === 0}
        below={<div className="body"><Button tone="primary" onClick={() => edit('new')}>{words.admin.addTeam}</Button></div>}>
        {(list) => (
          <table>
            <thead><tr><th>{words.admin.name}</th><th>{words.admin.agents}</th><th>{words.admin.supervisors}</th><th><span className="only-read">{words.more}</span></th></tr></thead>
            <tbody>{list.map((team) => <tr key={team.id}><td><strong>{team.name}</strong></td><td>{team.agents.join(', ')}</td><td>{team.supervisors.map(name).join(', ')}</td><td className="numeric"><Button small aria-label={words.admin.change(team.name)} onClick={() => edit(team)}>{words.admin.changeShort}</Button></td></tr>)}</tbody>
          </table>
        )}
      </Listed>
      {editing && <TeamForm team={editing === 'new' ? null : editing} onClose={() => edit(null)} />}
    </>
  );
}

const toggled = (list: readonly string[], one: string) => list.includes(one) ? list.filter((other) => other !== one) : [...list, one];

function TeamForm({ team, onClose }: { team: Team | null; onClose: () => void }) {
  const words = useWords();
  const cache = useQueryClient();
  const users = useUsers();
  const links = useLinks();
  const [id] = useState(() => team?.id ?? crypto.randomUUID());
  const [name, setName] = useState(team?.name ?? '');
  const [agents, setAgents] = useState<readonly string[]>(team?.agents ?? []);
  const [supervisors, setSupervisors] = useState<readonly string[]>(team?.supervisors ?? []);
  const done = async () => { await cache.invalidateQueries({ queryKey: KEYS.teams }); onClose(); };
  const save = useMutation({ mutationFn: () => put(at('/api/admin/teams/{id}', { id }), { name: name.trim(), agents: [...agents], supervisors: [...supervisors] }), onSuccess: done });
  const drop = useMutation({ mutationFn: () => remove(at('/api/admin/teams/{id}', { id })), onSuccess: done });
  const waits = useWaits(save.isPending || drop.isPending);
  const known = [...new Set([...links.data?.map((link) => link.agent) ?? [], ...agents])].sort();
  const leaders = users.data?.filter(({ role }) => role === 'supervisor') ?? [];
  return (
    <Dialog open title={team?.name ?? words.admin.addTeam} onClose={onClose} footer={<>
      {team && <Button blocked={waits} onClick={() => drop.mutate()}>{words.admin.removeTeam}</Button>}
      <span className="end" />
      <Button onClick={onClose}>{words.cancel}</Button>
      <Button tone="primary" blocked={waits ?? (name.trim() === '' ? words.admin.nameNeeded : null)} onClick={() => save.mutate()}>{words.save}</Button>
    </>}>
      <Field label={words.admin.name} wrong={save.error instanceof Problem ? save.error.field('name') : null}>{(ids) => <input {...ids} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      <Choices title={words.admin.agents} none={words.admin.noAgents} all={known.map((agent) => [agent, agent])} chosen={agents} onToggle={(one) => setAgents(toggled(agents, one))} />
      <Choices title={words.admin.supervisors} none={words.admin.noSupervisors} all={leaders.map((user) => [user.id, user.name])} chosen={supervisors} onToggle={(one) => setSupervisors(toggled(supervisors, one))} />
      <Wrong error={save.error ?? drop.error} />
    </Dialog>
  );
}

interface ChoicesProps { title: string; none: string; all: readonly (readonly [string, string])[]; chosen: readonly string[]; onToggle: (one: string) => void }

function Choices({ title, none, all, chosen, onToggle }: ChoicesProps) {
  return (
    <fieldset>
      <legend className="small"><strong>{title}</strong></legend>
      {all.length === 0 ? <Notice>{none}</Notice> : all.map(([id, name]) => (
        <label key={id} className="row" style={{ minHeight: 32 }}><input type="checkbox" checked={chosen.includes(id)} onChange={() => onToggle(id)} />{name}</label>
      ))}
    </fieldset>
  );
}
