/** Events of the desk into the query cache. The only writer of live records. */
import type { QueryClient } from '@tanstack/react-query';
import { sameAgent } from '../api/agents';
import type { AgentView, Call, Me } from '../api/types';
import { replaced, reset, without } from './records';
import type { StreamMessage } from './stream';

export type Calls = ReadonlyMap<string, Call>;
export type Agents = ReadonlyMap<string, AgentView>;

export const KEYS = {
  me: ['me'], calls: ['live', 'calls'], agents: ['live', 'agents'], worklist: ['worklist'], missed: ['missed'], followUps: ['follow-ups'],
  owed: ['owed'], dials: ['dials'], history: ['history'], performance: ['performance'], popup: ['live', 'popup'],
  leads: ['leads'], users: ['users'], links: ['links'], teams: ['teams'], tokens: ['tokens'], audit: ['audit'], subscription: ['subscription'],
  lead: ['lead'], appointments: ['appointments'], profile: ['profile'],
} as const;

/** What each kind makes old; what it carries is only believed where it has a version. */
const STALE: Record<string, readonly (readonly string[])[]> = {
  'call.merged': [KEYS.owed, KEYS.dials, KEYS.history, KEYS.lead, KEYS.appointments, KEYS.profile],
  'missed.changed': [KEYS.missed, KEYS.worklist],
  'worklist.changed': [KEYS.worklist, KEYS.leads],
  'followup.changed': [KEYS.followUps, KEYS.worklist, KEYS.lead],
  'dial.changed': [KEYS.dials],
  'owed.changed': [KEYS.owed],
  'lead.changed': [KEYS.lead, KEYS.worklist],
  'appointment.changed': [KEYS.appointments, KEYS.lead],
  'profile.changed': [KEYS.profile],
};

const ownAgent = (cache: QueryClient) => cache.getQueryData<Me | null>(KEYS.me)?.agents[0] ?? null;

/** Whether it is the part of another agent: told to who looks after that one, too, as one who did not have the call sees it. */
const isForeign = ({ part }: Call, own: string | null) => part !== null && !sameAgent(part.agent, own);

/**
 * A call is told once more, as the same version, when the name of its lead is known; and to who handed it on, with the own
 * part. What else comes of that version is what others may see of it, and the same again.
 */
function toldAgain(call: Call, known: Call): Call {
  if (call.part) return { ...call, lead: call.lead ?? known.lead };
  return known.lead === null && call.lead !== null ? { ...known, lead: call.lead } : known;
}

/**
 * A call with what was left out and is known. Who handed it on and looks after the colleague as well is told of it as of
 * any other call: without its number and notes, and without the own part, of which is told when it changes. A call that
 * came back is the own one again, and has no part.
 */
function withKnown(call: Call, known: Call | undefined, own: string | null): Call {
  if (known?.version === call.version) return toldAgain(call, known);
  if (call.part || !known?.part || sameAgent(call.agent, own)) return call;
  return { ...call, part: known.part, number: call.number ?? known.number, notes: known.notes };
}

/** Closed calls that are kept: so many of this agent, one of which the card may be about, and so many of all others. */
const MOST_CLOSED = 20;

/** Whether nothing is left to do in it here: of a call that goes on with a colleague the own part says so. */
const isClosed = ({ phase, part }: Call) => (part?.phase ?? phase) === 'closed';

/** Without the closed calls of a while ago, the oldest first. */
function bounded(calls: Calls, own: string | null): Calls {
  const closed = [...calls.values()].filter(isClosed);
  const mine = closed.filter(({ agent, part }) => sameAgent(agent, own) || sameAgent(part?.agent, own));
  const others = closed.filter((call) => !mine.includes(call));
  const old = [...mine.slice(0, -MOST_CLOSED), ...others.slice(0, -MOST_CLOSED)];
  return old.reduce((left, { ucid }) => without(left, ucid), calls);
}

export function apply(cache: QueryClient, { kind, data }: StreamMessage) {
  if (kind === 'snapshot') { snapshot(cache, data as { calls?: Call[]; agents?: AgentView[] }); return; }
  if (kind === 'call.changed') {
    const own = ownAgent(cache);
    const told = data as Call;
    const foreign = isForeign(told, own);
    // Of the own call its own record comes as well.
    if (foreign && sameAgent(told.agent, own)) return;
    const call = foreign ? { ...told, part: null } : told;
    cache.setQueryData<Calls>(KEYS.calls, (kept) => {
      const calls = replaced(kept ?? new Map(), call.ucid, withKnown(call, kept?.get(call.ucid), own), (now, known) => now !== known);
      return isClosed(call) ? bounded(calls, own) : calls;
    });
    if (call.phase === 'closed' || call.phase === 'after_call') for (const queryKey of [KEYS.history, KEYS.lead, KEYS.worklist]) void cache.invalidateQueries({ queryKey });
    return;
  }
  if (kind === 'agent.changed') {
    const agent = data as AgentView;
    cache.setQueryData<Agents>(KEYS.agents, (kept) => replaced(kept ?? new Map(), agent.agent, agent));
    return;
  }
  // It is a part of another one now, whose record has come before: there is no such call any more.
  if (kind === 'call.merged') cache.setQueryData<Calls>(KEYS.calls, (kept) => without(kept ?? new Map(), (data as { ucid: string }).ucid));
  if (kind === 'popup') { cache.setQueryData(KEYS.popup, data); void cache.invalidateQueries({ queryKey: KEYS.profile }); return; }
  for (const queryKey of STALE[kind] ?? []) void cache.invalidateQueries({ queryKey });
}

function snapshot(cache: QueryClient, { calls = [], agents = [] }: { calls?: Call[]; agents?: AgentView[] }) {
  cache.setQueryData<Calls>(KEYS.calls, (kept) => reset(kept ?? new Map(), calls, ({ ucid }) => ucid));
  cache.setQueryData<Agents>(KEYS.agents, (kept) => reset(kept ?? new Map(), agents, ({ agent }) => agent));
  for (const queryKey of [KEYS.worklist, KEYS.missed, KEYS.followUps, KEYS.owed, KEYS.dials, KEYS.history, KEYS.lead, KEYS.appointments, KEYS.profile]) {
    void cache.invalidateQueries({ queryKey });
  }
}
