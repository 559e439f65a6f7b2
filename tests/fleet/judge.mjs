// Compares what was wished for, what the desks have written down, and what happened in the simulator's world: to the row.
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const digits = (text) => String(text ?? '').replace(/\D/g, '').slice(-10);
const HAPPENED = ['accepted', 'settled_happened'];
/** How a call may have ended that no one answered. */
const UNANSWERED = {
  inbound: ['agent_missed', 'abandoned_in_queue', 'no_agent', 'missed'],
  outbound: ['no_answer', 'busy', 'unreachable', 'wrong_number', 'rejected', 'network_error', 'agent_missed', 'agent_gave_up'],
};
const RANG_NO_ONE = ['refused', 'invalid', 'not_sent', 'settled_not_happened'];

/** What the outbox tries again later than this is not waited for: after many failures it waits up to half an hour. */
const SOON = 180_000;

/** The calls of the world, kept as they were last seen: the simulator shows the newest thousand. */
export class World {
  constructor(fleet) {
    Object.assign(this, { fleet, calls: new Map() });
  }

  async look() {
    const state = await this.fleet.control('state');
    for (const call of state.calls) this.calls.set(call.monitor_ucid, call);
    return state;
  }

  idsOf(call) {
    return new Set([call.monitor_ucid, call.ucid, ...call.legs.map((leg) => leg.ucid)]);
  }
}

/** What is still on its way: nothing of it is left once all is settled. */
export async function onItsWay(fleet, world) {
  const state = await world.look();
  const up = state.calls.filter((call) => call.state !== 'ended').length;
  const [counts] = await fleet.rows(`
    SELECT (SELECT count(*) FROM desk_dial WHERE state IN ('sending', 'unknown')) AS dials,
           (SELECT count(*) FROM desk_outbox WHERE state = 'pending' AND next < ${Date.now() + SOON}) AS outbox,
           (SELECT count(*) FROM desk_push WHERE state NOT IN ('done', 'worked', 'failed')) AS pushes,
           (SELECT count(*) FROM desk_call WHERE phase NOT IN ('closed', 'after_call')) AS calls`);
  // A disposition that the service took late is in its report, and in the row once that is read again.
  const rows = new Map((await fleet.rows('SELECT ucid, disposition FROM cdr_row WHERE finished = 1')).map((row) => [row.ucid, row.disposition]));
  const isThere = (leg) => rows.has(leg.ucid) && (!leg.disposition || rows.get(leg.ucid) === leg.disposition);
  let legs = 0;
  for (const call of world.calls.values()) for (const leg of call.legs) legs += isThere(leg) ? 0 : 1;
  return { up, ...counts, legs };
}

/** Requests of the simulator's log: each once, with what came of it. */
async function requests(fleet) {
  const found = new Map();
  for await (const line of createInterface({ input: createReadStream(join(fleet.folder, 'requests.jsonl')) })) {
    const entry = JSON.parse(line);
    found.set(entry.n, entry);
  }
  return [...found.values()];
}

export class Judge {
  constructor(fleet, world, wishes) {
    Object.assign(this, { fleet, world, wishes, checks: [] });
  }

  check(what, seen, wrong) {
    this.checks.push({ what, seen, wrong });
  }

  /** `doctor` runs `desk doctor`: what it printed. */
  async run({ streams, answered, doctor }) {
    const { fleet, world } = this;
    this.dials = await fleet.rows('SELECT id, asker, key, agent, number, way, state, reference, ucid, open FROM desk_dial');
    this.calls = await fleet.rows('SELECT id, version, phase, direction, agent, state FROM desk_call');
    for (const call of this.calls) call.state = JSON.parse(call.state);
    const aliases = await fleet.rows('SELECT alias, call FROM desk_call_id');
    this.callOf = new Map([...this.calls.map((call) => [call.id, call.id]), ...aliases.map((row) => [row.alias, row.call])]);
    this.byId = new Map(this.calls.map((call) => [call.id, call]));
    this.requests = await requests(fleet);
    this.#ledger();
    this.#answers();
    this.#records();
    await this.#facts(doctor);
    await this.#dispositions();
    await this.#rows();
    this.#limits();
    this.#streams(streams);
    this.#phones(answered);
    this.#logs();
    const wrong = this.wishes.wrong.map(({ what, detail }) => `${what}: ${detail}`);
    this.check('requests answered as they may be', [...this.wishes.counts.values()].reduce((sum, n) => sum + n, 0), wrong);
    return this.checks;
  }

  /** The ledger's rows and the world's calls, by number: each wish has one of its own. */
  #ledger() {
    const calls = new Map();
    for (const call of this.world.calls.values()) {
      const number = digits(call.caller);
      calls.set(number, [...(calls.get(number) ?? []), call]);
    }
    const twice = [], undecided = [], differs = [], unknown = [];
    for (const row of this.dials) {
      const rung = calls.get(digits(row.number)) ?? [];
      const what = `${row.key} (${row.way}): ${row.state}`;
      if (rung.length > 1) twice.push(`${what}, rung ${rung.length} times`);
      if (HAPPENED.includes(row.state)) {
        if (rung.length === 0) differs.push(`${what}, and no one was rung`);
        else if (!rung.some((call) => this.world.idsOf(call).has(String(row.ucid)))) differs.push(`${what}, with the leg of no such call: ${row.ucid}`);
      } else if (RANG_NO_ONE.includes(row.state)) {
        if (rung.length > 0) differs.push(`${what}, and someone was rung`);
      } else undecided.push(`${what}; rung: ${rung.length}`);
    }
    const known = new Set(this.dials.map((row) => digits(row.number)));
    for (const wish of this.wishes.dials) {
      if ((calls.get(wish.number) ?? []).length > 0 && !known.has(wish.number)) unknown.push(`${wish.key} was rung and is in no row`);
    }
    this.check('no number rung twice for one wish', this.wishes.dials.length, twice);
    this.check('each row of the ledger is what happened', this.dials.length, [...differs, ...unknown]);
    this.check('no dial is left undecided', this.dials.length, undecided);
  }

  /** What requests were answered, against the ledger. */
  #answers() {
    const rows = new Map(this.dials.map((row) => [row.key, row]));
    const wrong = [];
    let seen = 0;
    for (const wish of this.wishes.dials) {
      const row = rows.get(wish.key);
      const taken = wish.answers.filter((answer) => answer.id);
      seen += taken.length;
      if (new Set(taken.map((answer) => answer.id)).size > 1) wrong.push(`${wish.key} has two ids`);
      if (new Set(taken.map((answer) => answer.ucid).filter(Boolean)).size > 1) wrong.push(`${wish.key} has two legs`);
      if (taken.length && !row) wrong.push(`${wish.key} was taken and is in no row`);
      if (row && taken.some((answer) => answer.id !== row.id)) wrong.push(`${wish.key}: another id in the ledger`);
      if (taken.some((answer) => answer.status === 200) && row && !HAPPENED.includes(row.state)) wrong.push(`${wish.key} was answered 200 and is ${row.state}`);
    }
    this.check('dials that were answered are in the ledger', seen, wrong);
  }

  /** One record for each call of the world, and none that it does not have; each says what happened. */
  #records() {
    const wrong = [];
    const used = new Set();
    for (const call of this.world.calls.values()) {
      const ids = new Set([...this.world.idsOf(call)].map((id) => this.callOf.get(id)).filter(Boolean));
      if (ids.size !== 1) { wrong.push(`${call.direction} call ${call.monitor_ucid} has ${ids.size} records`); continue; }
      const [id] = ids;
      used.add(id);
      wrong.push(...this.#differences(this.byId.get(id), call).map((what) => `${call.direction} call ${call.monitor_ucid}: ${what}`));
    }
    for (const record of this.calls) if (!used.has(record.id)) wrong.push(`a record of no call: ${record.id} (${record.direction}, ${record.phase})`);
    this.check('one record for each call, and as it was', this.world.calls.size, wrong);
  }

  #differences({ state, phase, direction }, call) {
    const wrong = [];
    const same = (what, here, there) => { if ((here ?? null) !== (there ?? null)) wrong.push(`${what} is ${here} here, ${there} in the world`); };
    const way = call.direction === 'inbound' ? 'inbound' : 'outbound';
    same('its direction', direction, way);
    if (digits(state.number) !== digits(call.caller)) wrong.push('another number');
    if (state.did && digits(state.did) !== digits(call.did)) wrong.push(`its DID is ${state.did} here, ${call.did} in the world`);
    if (state.campaign) same('its campaign', state.campaign, call.campaign);
    // Who took it last; of a call that no one took, someone who was rung.
    const took = call.legs.filter((leg) => leg.answered && leg.agent).at(-1);
    const rung = new Set(call.legs.map((leg) => leg.agent).filter(Boolean));
    if (took) same('its agent', state.agent, took.agent);
    else if (state.agent && !rung.has(state.agent)) wrong.push(`${state.agent} had no part in it`);
    else if (rung.size && !state.agent) wrong.push('no agent here');
    for (const agent of state.agents ?? []) if (!rung.has(agent)) wrong.push(`${agent} is named and had no part in it`);
    if (!['closed', 'after_call'].includes(phase)) wrong.push(`it is ${phase} here, and over`);
    if (!state.ended_ms) wrong.push('it has no end here');
    const talked = call.legs.some((leg) => leg.answered);
    if (talked) {
      same('its outcome', state.outcome, 'completed');
      if (!state.answered_ms) wrong.push('it was answered, and has no such time here');
    } else if (!UNANSWERED[way].includes(state.outcome)) {
      wrong.push(`no one answered it, its outcome here is ${state.outcome}`);
    } else if (state.answered_ms) wrong.push('no one answered it, and it has such a time here');
    // Sent again after the service's own word and a lost answer, it is refused whether or not the first had arrived: a
    // person looks at what was overtaken.
    const isOvertaken = state.disposition?.targets.service === 'overtaken';
    if (isOvertaken && call.disposition === state.disposition.said.disposition) this.wishes.count('disposition that is overtaken here, and counted');
    if (call.disposition && state.is_final && !isOvertaken) same("the service's disposition", state.service_disposition, call.disposition);
    return wrong;
  }

  /** The records are what their facts make of them. */
  async #facts(doctor) {
    const text = await doctor();
    const [, word, found, count] = /^(ok|look)\s+records\s+(.*?newest (\d+).*)$/m.exec(text) ?? [];
    this.check('records are what their facts make of them', Number(count ?? 0), word === 'ok' ? [] : [found ?? `the doctor does not say: ${text}`]);
  }

  async #dispositions() {
    const outbox = await this.fleet.rows("SELECT call, kind, agent, state, message, next FROM desk_outbox WHERE target = 'service' AND kind = 'disposition'");
    const sent = new Map();
    for (const entry of this.requests) {
      if (entry.effect !== 'disposition') continue;
      const ucid = `${entry.body?.ucid ?? entry.query?.ucid} by ${entry.body?.agentID ?? entry.query?.agentID}`;
      sent.set(ucid, (sent.get(ucid) ?? 0) + 1);
    }
    const lost = [], twice = [], pending = [], differs = [];
    const acknowledged = this.wishes.dispositions.filter((said) => said.acknowledged);
    for (const said of acknowledged) {
      const record = this.byId.get(this.callOf.get(said.call));
      const kept = record?.state.disposition?.said;
      if (!kept) lost.push(`of ${said.call}, acknowledged: ${said.code}`);
      else if (kept.code !== said.code && !this.wishes.dispositions.some((other) => other !== said && this.callOf.get(other.call) === record.id && other.code === kept.code)) {
        lost.push(`of ${said.call}: ${said.code}, kept: ${kept.code}`);
      }
      if (!outbox.some((entry) => entry.call === record?.id)) lost.push(`of ${said.call}: nothing to deliver`);
    }
    for (const record of this.calls) {
      const said = record.state.disposition?.said;
      if (!said) continue;
      const given = this.wishes.dispositions.filter((one) => this.callOf.get(one.call) === record.id);
      if (!given.some((one) => one.code === said.code)) lost.push(`of ${record.id}: ${said.code} is kept, and was not said`);
      const own = outbox.filter((entry) => entry.call === record.id);
      // Each agent who was rung says it of a leg of their own.
      if (own.length === 0 || new Set(own.map((entry) => entry.agent)).size !== own.length) lost.push(`of ${record.id}: ${own.length} rows to deliver`);
      if (!given.some((one) => one.agent === record.state.disposition.agent)) lost.push(`of ${record.id}: of ${record.state.disposition.agent}, who said nothing`);
    }
    for (const [ucid, times] of sent) if (times > 1) twice.push(`of ${ucid}: counted ${times} times`);
    const states = new Map();
    for (const entry of outbox) {
      states.set(entry.state, (states.get(entry.state) ?? 0) + 1);
      if (entry.state === 'pending' && entry.next < Date.now() + SOON / 2) pending.push(`of ${entry.call}: ${entry.message ?? ''}`);
      const record = this.byId.get(entry.call);
      const call = [...this.world.calls.values()].find((one) => [...this.world.idsOf(one)].some((id) => this.callOf.get(id) === entry.call));
      const kept = record?.state.disposition?.said.disposition;
      // Whoever was rung and did not answer has a leg of their own.
      const counts = entry.agent === (record?.state.disposition?.agent ?? '').toLowerCase();
      if (counts && entry.state === 'sent' && call && call.disposition !== kept) differs.push(`of ${entry.call}: ${kept} here, ${call.disposition} there`);
    }
    for (const [state, n] of states) this.wishes.count(`disposition delivered: ${state}`, n);
    this.check('each acknowledged disposition is kept', acknowledged.length, lost);
    this.check('no disposition counted twice', sent.size, twice);
    this.check('dispositions have arrived, and are the same', outbox.length, [...pending, ...differs]);
  }

  /** The rows of the call records. */
  async #rows() {
    const rows = new Map((await this.fleet.rows('SELECT ucid, agent, answered, finished, disposition FROM cdr_row')).map((row) => [row.ucid, row]));
    const wrong = [];
    let legs = 0;
    for (const call of this.world.calls.values()) {
      for (const leg of call.legs) {
        legs += 1;
        const row = rows.get(leg.ucid);
        rows.delete(leg.ucid);
        if (!row) wrong.push(`leg ${leg.ucid} has no row`);
        else if ((row.agent ?? null) !== (leg.agent ?? null)) wrong.push(`leg ${leg.ucid}: ${row.agent} in its row, ${leg.agent} in the world`);
        else if (Boolean(row.answered) !== Boolean(leg.answered)) wrong.push(`leg ${leg.ucid}: answered ${row.answered} in its row`);
        else if ((row.disposition ?? null) !== (leg.disposition ?? null) && leg.disposition) wrong.push(`leg ${leg.ucid}: ${row.disposition} in its row, ${leg.disposition} in the world`);
      }
    }
    const known = new Set([...this.world.calls.values()].flatMap((call) => [...this.world.idsOf(call)]));
    for (const ucid of rows.keys()) if (!known.has(ucid)) wrong.push(`a row of no leg: ${ucid}`);
    this.check('one row of the call records for each leg', legs, wrong);
  }

  /** No published window exceeded. */
  #limits() {
    const wrong = [];
    let seen = 0;
    for (const [what, pattern, most, seconds] of [
      ['reports', /fetchCDR/i, 2, 60], ['tokens', /generateToken/i, 10, 3600], ['campaign changes', /createCampaign|updateCampaign/i, 2, 60],
    ]) {
      const times = this.requests.filter((entry) => pattern.test(entry.path)).map((entry) => Date.parse(entry.at)).sort((a, b) => a - b);
      seen += times.length;
      this.wishes.count(`${what} asked for`, times.length);
      for (let i = most; i < times.length; i += 1) {
        if (times[i] - times[i - most] < seconds * 1000) wrong.push(`${most + 1} ${what} in ${(times[i] - times[i - most]) / 1000} s`);
      }
    }
    this.check('no published limit exceeded', seen, wrong);
  }

  /** What pages have heard is what is stored. */
  #streams(streams) {
    const wrong = [];
    let seen = 0;
    for (const stream of streams) {
      if (stream.backwards) wrong.push(`events of ${stream.person.agent} went back ${stream.backwards} times`);
      for (const [ucid, heard] of stream.calls) {
        seen += 1;
        const record = this.byId.get(this.callOf.get(ucid));
        // What was merged into another record is that one's.
        if (!record || record.id !== ucid) continue;
        if (record.version !== heard.version && record.state.agent === stream.person.agent) {
          wrong.push(`${stream.person.agent} has version ${heard.version} (${heard.phase}) of ${ucid}, stored is ${record.version} (${record.phase})`);
        }
      }
    }
    this.check('pages show what is stored', seen, wrong);
  }

  /** A telephone answered by itself only what its agent had dialled. */
  #phones(answered) {
    const wrong = [];
    for (const { ucid, agent } of answered) {
      const call = [...this.world.calls.values()].find((one) => this.world.idsOf(one).has(String(ucid)));
      if (!call || call.direction === 'inbound' || !call.legs.some((leg) => leg.agent === agent)) wrong.push(`${ucid} at ${agent}`);
    }
    this.check("no call answered that was not the agent's own", answered.length, wrong);
  }

  /** No secret and no number in any log. */
  #logs() {
    const secrets = ['test-key', ...Object.values(this.fleet.secrets), ...this.wishes.dials.map((wish) => wish.number), ...this.wishes.inbound];
    const wrong = [];
    let lines = 0;
    for (const name of this.fleet.logs().filter((name) => name.startsWith('desk'))) {
      const text = readFileSync(join(this.fleet.folder, name), 'utf8');
      lines += text.split('\n').length;
      for (const secret of secrets) if (text.includes(secret)) wrong.push(`${name} has …${secret.slice(-3)}`);
      for (const panic of text.match(/panicked at .*/g) ?? []) wrong.push(`${name}: ${panic}`);
    }
    this.check('no secret, number or panic in the logs', lines, wrong);
  }
}

/** A table, and whether nothing disagreed. */
export function verdict(checks, counts) {
  const lines = [];
  for (const [what, n] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) lines.push(`  ${what.padEnd(52)} ${String(n).padStart(7)}`);
  lines.push('');
  lines.push(`  ${''.padEnd(52)} ${'looked at'.padStart(9)} ${'disagree'.padStart(9)}`);
  for (const { what, seen, wrong } of checks) {
    lines.push(`  ${what.padEnd(52)} ${String(seen).padStart(9)} ${String(wrong.length).padStart(9)}`);
    for (const one of wrong.slice(0, 12)) lines.push(`      ${one}`);
    if (wrong.length > 12) lines.push(`      and ${wrong.length - 12} more`);
  }
  return { text: lines.join('\n'), well: checks.every(({ wrong }) => wrong.length === 0) };
}
