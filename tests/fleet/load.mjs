// One desk under load: agents with streams, links and telephones, and so many calls a second. What it costs is printed,
// written as JSON and drawn.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { draw } from './draw.mjs';
import { anonymous, childOf, fsyncs, machineLoad, quantile, resident, spent } from './gauge.mjs';
import { NoAnswer, ask, sleep } from './http.mjs';
import { Person, addAdministrator, administrator } from './people.mjs';
import { Fleet, freePort, until } from './processes.mjs';
import { Chance } from './random.mjs';
import { Stream } from './stream.mjs';
import { calling, dialled } from './traffic.mjs';

const setting = (name, usual) => process.env[name] || usual;
const sizes = String(setting('AGENTS', '1000')).trim().split(/\s+/).map(Number);
const minutes = Number(setting('MINUTES', 10));
const databases = String(setting('DATABASES', 'sqlite postgres')).trim().split(/\s+/);
const inboundShare = 0.3, holdShare = 0.2;
const out = setting('RESULTS', 'target/load');

const id = (n) => `agent${String(n + 1).padStart(4, '0')}`;
const extension = (n) => String(500_001 + n);

const scenario = (fleet, front, agents) => `
[phones]
customer_answer_rate = 1.0
agent_answer_s = 1.0
customer_answer_s = 2.0
queue_limit_s = 60
[push]
callback_url = "${front}/webhooks/ozonetel/calls/${fleet.secrets.webhook}"
call_events_url = "${front}/webhooks/ozonetel/events/${fleet.secrets.webhook}"
agent_events_url = "${front}/webhooks/ozonetel/events/${fleet.secrets.webhook}"
${Array.from({ length: agents }, (_, n) => `[[agents]]\nid = "${id(n)}"\nnumber = ${1001 + n}\nextension = "${extension(n)}"\n`).join('')}`;

/** At most so many at once. */
async function each(list, atOnce, work) {
  const left = list.entries();
  await Promise.all(Array.from({ length: atOnce }, async () => { for (const [n, one] of left) await work(one, n); }));
}

class Run {
  constructor(database, agents, rate) {
    Object.assign(this, { database, agents, rate, chance: new Chance(7, `${database} ${agents}`), latency: new Map(), events: new Map(), wrong: new Map(), calls: 0, memory: [], dialledSoFar: 0, calledSoFar: 0 });
  }

  note(map, what, ms) {
    if (!map.has(what)) map.set(what, []);
    map.get(what).push(ms);
  }

  fail(what) {
    this.wrong.set(what, (this.wrong.get(what) ?? 0) + 1);
  }

  async start() {
    const fleet = new Fleet('load');
    this.fleet = fleet;
    const port = await freePort();
    this.front = `http://127.0.0.1:${port}`;
    if (this.database === 'postgres') await Promise.all([fleet.initPostgres(), fleet.startRedis()]);
    await fleet.startSim(scenario(fleet, this.front, this.agents));
    const env = fleet.deskEnv('desk-a', port, { database: fleet.databasePort, redis: fleet.redisPort, sim: fleet.simPort, front: this.front });
    if (this.database === 'sqlite') env.DESK_STORE = join(fleet.folder, 'desk.sqlite');
    await addAdministrator(fleet, env);
    const program = join(process.env.FLEET_PROGRAMS, 'desk');
    this.trace = join(fleet.folder, 'syncs');
    // Only the waits for the disk stop the desk: what strace costs it is what they cost.
    if (this.database === 'sqlite') fleet.start('desk-a', 'strace', ['-f', '--seccomp-bpf', '-qq', '-e', 'trace=fsync,fdatasync', '-e', 'signal=none', '-o', this.trace, program], env);
    else fleet.startDesk('desk-a', env);
    await until('the desk answers', async () => (await ask(this.front, 'GET', '/healthz')).status === 200, 60_000);
    this.desk = this.database === 'sqlite' ? childOf(fleet.pid('desk-a')) : fleet.pid('desk-a');
    this.admin = await administrator(this.front, this.front);
    await this.#people();
  }

  /** Agents that are signed in, so that their links are opened, each with a token for its requests. */
  async #people() {
    this.people = [];
    const numbers = Array.from({ length: this.agents }, (_, n) => n);
    await each(numbers, 4, async (n) => {
      const email = `${id(n)}@fleet.test`;
      const user = await this.admin.must('POST', '/api/admin/users', { email, role: 'agent', password: 'first-of-the-fleet' }, 201);
      await this.admin.must('PUT', `/api/admin/links/${user.id}`, { agent: id(n), password: 'secret', phoneName: id(n), extension: extension(n), uniqueId: String(1001 + n), campaignId: '77' });
      await new Person(this.front, this.front).signIn(email, 'first-of-the-fleet', null);
      const { token } = await this.admin.must('POST', '/api/admin/tokens', { name: id(n), role: 'agent', agents: [id(n)] }, 201);
      const person = { agent: id(n), front: this.front, cookie: '', headers: { authorization: `Bearer ${token}` }, isBusy: false };
      person.stream = new Stream(person, (kind, body, at) => this.#heard(person, kind, body, at));
      this.people.push(person);
      if (this.people.length % 50 === 0) console.log(`  ${this.people.length} agents signed in`);
    });
    await until('all streams and links are up', async () => {
      const ready = (await ask(this.front, 'GET', '/readyz')).body;
      return ready.parts['agent sockets']?.detail?.up === this.agents && this.people.every(({ stream }) => stream.isLive);
    }, 240_000);
  }

  async #ask(person, what, method, path, body, headers = {}) {
    const began = performance.now();
    try {
      const answer = await ask(this.front, method, path, { body, headers: { ...person.headers, ...headers } });
      this.note(this.latency, what, performance.now() - began);
      if (answer.status >= 300) this.fail(`${what}: ${answer.status} ${answer.body?.reason ?? ''}`.trim());
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.fail(`${what}: ${error.message}`);
      return null;
    }
  }

  #phone(person, event, ucid, more = {}) {
    return this.#ask(person, 'phone news', 'POST', '/api/phone/events', { event, ucid, page: person.agent, at: Date.now(), ...more });
  }

  #heard(person, kind, call, at) {
    if (kind !== 'call.changed' || call.agent !== person.agent) return;
    const since = person.since;
    if (call.phase === 'ringing' && call.direction === 'inbound' && !person.isBusy) {
      // A customer has been put through.
      person.isBusy = true;
      const arrived = this.arrivals?.get(String(call.number ?? '').slice(-10));
      if (arrived) this.note(this.events, 'a customer calls', at - arrived);
      this.#inbound(person, call).finally(() => { person.isBusy = false; });
    }
    if (since && ['after_call', 'closed'].includes(call.phase) && since.ids.has(call.ucid)) {
      this.note(this.events, 'the customer hangs up', at - since.at);
      person.since = null;
    }
    person.waits?.(call);
  }

  /** Waits until the stream has a call in a phase. */
  #phase(person, phases, limit = 30_000) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => { person.waits = null; resolve(null); }, limit);
      person.waits = (call) => {
        if (!phases.includes(call.phase)) return;
        clearTimeout(timer);
        person.waits = null;
        resolve(call);
      };
    });
  }

  async #inbound(person, call) {
    const ucid = call.ids?.at(-1) ?? call.ucid;
    const active = this.#phase(person, ['active']);
    await this.#phone(person, 'invite', undefined, { headers: { 'x-ucid': ucid, 'x-callerno': call.number ?? '' } });
    await active;
    await this.#talk(person, call.ucid, ucid);
  }

  async #outbound(person) {
    this.dialledSoFar += 1;
    const n = this.dialledSoFar;
    const active = this.#phase(person, ['active']);
    const placed = await this.#ask(person, 'dial', 'POST', '/api/calls', { number: dialled(n) }, { 'idempotency-key': `load-${n}` });
    if (placed?.status !== 200) { person.waits = null; return; }
    await this.#phone(person, 'invite', undefined, { headers: { 'x-ucid': placed.body.ucid } });
    const call = await active;
    if (!call) { this.fail('a call that was not answered'); return; }
    await this.#talk(person, call.ucid, placed.body.ucid);
  }

  async #talk(person, ucid, leg) {
    await this.#phone(person, 'answered', leg);
    await sleep(this.chance.between(3000, 6000));
    if (this.chance.happens(holdShare)) {
      await this.#ask(person, 'hold', 'POST', `/api/calls/${ucid}/hold`, {});
      await sleep(1000);
      await this.#ask(person, 'unhold', 'POST', `/api/calls/${ucid}/unhold`, {});
    }
    const over = this.#phase(person, ['after_call', 'closed'], 20_000);
    person.since = { ids: new Set([ucid]), at: Date.now() };
    await this.fleet.control('call', { ucid: leg, action: 'hangup' });
    await this.#phone(person, 'ended', leg);
    if (!await over) this.fail('an end that was not heard of');
    person.since = null;
    await this.#ask(person, 'disposition', 'POST', `/api/calls/${ucid}/disposition`, { code: 'INFO_PROVIDED', notes: 'as agreed' });
    this.calls += 1;
  }

  async #counts() {
    const cpu = process.cpuUsage();
    const counts = { desk: spent(this.desk), sim: spent(this.fleet.pid('sim')), generator: (cpu.user + cpu.system) / 1e6, database: 0, calls: this.calls, at: Date.now() };
    if (this.database === 'sqlite') {
      const text = (await ask(this.front, 'GET', '/metrics', { headers: { authorization: this.scrape } })).body;
      counts.transactions = Number(/^desk_store_commits_total (\d+)/m.exec(text)?.[1] ?? NaN);
      counts.fsyncs = fsyncs(this.trace);
    } else {
      const [postmaster] = readFileSync(join(this.fleet.folder, 'postgres/postmaster.pid'), 'utf8').split('\n');
      counts.database = spent(Number(postmaster), true) + spent(this.fleet.pid('redis'));
      const [row] = await this.fleet.rows('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS x, (SELECT wal_sync FROM pg_stat_wal) AS syncs');
      counts.transactions = Number(row.x);
      counts.fsyncs = row.syncs;
    }
    return counts;
  }

  async measure() {
    const { token } = await this.admin.must('POST', '/api/admin/tokens', { name: 'metrics', role: 'administrator' }, 201);
    this.scrape = `Bearer ${token}`;
    this.arrivals = new Map();
    // What the desk writes without any call.
    const still = await this.#counts();
    await sleep(Math.min(20_000, minutes * 10_000));
    const later = await this.#counts();
    const idle = (name) => (1000 * (later[name] - still[name])) / (later.at - still.at);
    this.idle = { transactions: idle('transactions'), fsyncs: idle('fsyncs') };
    const end = Date.now() + minutes * 60_000;
    const running = new Set();
    let skipped = 0, next = Date.now(), begun = 0;
    // The first calls are not counted: connections are opened, caches filled.
    const warm = Date.now() + Math.min(10_000, minutes * 12_000);
    let before = null;
    while (Date.now() < end) {
      if (!before && Date.now() > warm) {
        before = await this.#counts();
        this.latency.clear();
        this.events.clear();
        this.wrong.clear();
        begun = 0;
        skipped = 0;
      }
      if (Date.now() - (this.memory.at(-1)?.at ?? 0) > 2000) {
        this.memory.push({ at: Date.now(), desk: resident(this.desk), own: anonymous(this.desk), sim: resident(this.fleet.pid('sim')) });
      }
      next += 1000 / this.rate;
      begun += 1;
      if (this.chance.happens(inboundShare)) {
        this.calledSoFar += 1;
        const caller = calling(this.calledSoFar);
        this.arrivals.set(caller, Date.now());
        const arrives = this.fleet.control('inbound', { did: '918000000001', caller });
        arrives.catch(() => this.fail('a customer could not call'));
      } else {
        const free = this.people.filter((person) => !person.isBusy);
        if (free.length === 0) skipped += 1;
        else {
          const person = this.chance.pick(free);
          person.isBusy = true;
          const call = this.#outbound(person).catch((error) => this.fail(error.message)).finally(() => { person.isBusy = false; running.delete(call); });
          running.add(call);
        }
      }
      await sleep(Math.max(0, next - Date.now()));
    }
    const after = await this.#counts();
    await Promise.race([Promise.all(running), sleep(40_000)]);
    return this.#figures(before, after, { skipped, begun });
  }

  #figures(before, after, { skipped, begun }) {
    const seconds = (after.at - before.at) / 1000;
    const calls = after.calls - before.calls;
    const per = (name) => (after[name] - before[name]) / calls;
    const times = (map) => Object.fromEntries([...map].map(([what, all]) => [what, { n: all.length, p50: quantile(all, 0.5), p99: quantile(all, 0.99) }]));
    const commands = ['dial', 'hold', 'unhold', 'disposition'].flatMap((what) => this.latency.get(what) ?? []);
    const heard = [...this.events.values()].flat();
    const settled = this.memory.filter(({ at }) => at > before.at);
    return {
      database: this.database, agents: this.agents, asked: this.rate, seconds, calls, rate: calls / seconds, skipped, begun,
      commands: { p50: quantile(commands, 0.5), p99: quantile(commands, 0.99) }, events: { p50: quantile(heard, 0.5), p99: quantile(heard, 0.99) },
      byCommand: times(this.latency), byEvent: times(this.events),
      idle: this.idle, transactions: per('transactions') - (this.idle.transactions * seconds) / calls, fsyncs: per('fsyncs') - (this.idle.fsyncs * seconds) / calls,
      processor: Object.fromEntries(['desk', 'sim', 'database', 'generator'].map((name) => [name, (after[name] - before[name]) / seconds])),
      perCall: Object.fromEntries(['desk', 'sim', 'database', 'generator'].map((name) => [name, 1000 * per(name)])),
      memory: { first: settled[0], last: settled.at(-1), all: settled.map(({ at, desk, own, sim }) => ({ second: Math.round((at - before.at) / 1000), desk, own, sim })) },
      wrong: Object.fromEntries(this.wrong), load: machineLoad(),
    };
  }

  async stop() {
    this.people?.forEach(({ stream }) => stream.stop());
    await this.fleet.stop();
  }
}

const ms = (value) => (value === null ? '-' : value.toFixed(value < 10 ? 1 : 0));
function table(results) {
  const head = ['database', 'agents', 'calls/s', 'command p50', 'p99 ms', 'event p50', 'p99 ms', 'writes/call', 'fsyncs/call', 'idle writes/s', 'desk', 'sim', 'database', 'generator', 'desk MiB', 'failed'];
  const rows = results.map((one) => [one.database, one.agents, `${one.rate.toFixed(1)}/${one.asked}`, ms(one.commands.p50), ms(one.commands.p99), ms(one.events.p50), ms(one.events.p99),
    one.transactions.toFixed(1), one.fsyncs.toFixed(1), one.idle.transactions.toFixed(1), ...['desk', 'sim', 'database', 'generator'].map((name) => `${Math.round(one.processor[name] * 100)} %`),
    `${one.memory.first?.desk.toFixed(0)} → ${one.memory.last?.desk.toFixed(0)}`, Object.values(one.wrong).reduce((sum, n) => sum + n, 0)]);
  const all = [head, ...rows].map((row) => row.map(String));
  const width = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) => row.map((cell, column) => (column ? cell.padStart(width[column]) : cell.padEnd(width[column]))).join('  ')).join('\n');
}

mkdirSync(out, { recursive: true });
console.log(`${cpus().length} cores, ${cpus()[0].model}; load of the machine before: ${machineLoad()}`);
const results = [];
for (const agents of sizes) {
  for (const database of databases) {
    const rate = Number(setting('RATE', agents / 20));
    console.log(`${database}: ${agents} agents, ${rate} calls a second, ${minutes} min`);
    const run = new Run(database, agents, rate);
    try {
      await run.start();
      const figures = await run.measure();
      results.push(figures);
      for (const [what, { n, p50, p99 }] of Object.entries({ ...figures.byCommand, ...figures.byEvent })) console.log(`  ${what.padEnd(24)} ${String(n).padStart(7)}  p50 ${ms(p50)} ms  p99 ${ms(p99)} ms`);
      for (const [what, n] of Object.entries(figures.wrong)) console.log(`  failed: ${what}: ${n}`);
      if (figures.skipped) console.log(`  ${figures.skipped} of ${figures.begun} calls were not begun: no agent was free`);
    } finally {
      await run.stop();
    }
    writeFileSync(join(out, 'load.json'), JSON.stringify(results, null, 1));
  }
}
console.log(`\n${table(results)}`);
console.log('\nProcessor: of one core. Writes: transactions that wrote, without those that are made without any call. fsyncs likewise: of SQLite by strace, which stops the desk at them alone; of PostgreSQL by pg_stat_wal.');
for (const file of await draw(results, out)) console.log(file);
process.exit(0);
