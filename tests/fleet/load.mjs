// One desk under load: agents with streams, links and telephones, and so many calls a second. What it costs is printed,
// written as JSON and drawn; also what there is of it when it is cut short.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Callers } from './callers.mjs';
import { draw } from './draw.mjs';
import { anonymous, fsyncs, growth, machineLoad, quantile, resident, spent } from './gauge.mjs';
import { ask, sleep } from './http.mjs';
import { Person, addAdministrator, administrator } from './people.mjs';
import { Fleet, freePort, until } from './processes.mjs';
import { Chance } from './random.mjs';

const setting = (name, usual) => process.env[name] || usual;
const list = (name, usual) => String(setting(name, usual)).trim().split(/\s+/);
const sizes = list('AGENTS', '1000').map(Number);
const minutes = Number(setting('MINUTES', 10));
const databases = list('DATABASES', 'sqlite postgres');
const out = setting('RESULTS', 'target/load');
const INBOUND = 0.3;
const PARTS = ['desk', 'sim', 'database', 'generator'];
/** What is asked for: milliseconds for 99 of 100, transactions a call, cores, MiB an hour. */
const GOALS = { command: 200, event: 1000, writes: 12, cores: 1, growth: 60 };

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
at_once = 32
${Array.from({ length: agents }, (_, n) => `[[agents]]\nid = "${id(n)}"\nnumber = ${1001 + n}\nextension = "${extension(n)}"\n`).join('')}`;

/** At most so many at once. */
async function each(all, atOnce, work) {
  const left = all.entries();
  await Promise.all(Array.from({ length: atOnce }, async () => { for (const [n, one] of left) await work(one, n); }));
}

const began = Date.now();
const say = (text) => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s  ${text}`);
const ms = (value) => (value === null || !Number.isFinite(value) ? '-' : value.toFixed(value < 10 ? 1 : 0));
const sum = (counts) => Object.values(counts).reduce((total, n) => total + n, 0);

class Run {
  constructor(database, agents, rate) {
    Object.assign(this, { database, agents, rate, chance: new Chance(7, `${database} ${agents}`), memory: [], isCut: false });
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
    this.trace = join(fleet.folder, 'syncs');
    fleet.startDesk('desk-a', env);
    await until('the desk answers', async () => (await ask(this.front, 'GET', '/healthz', { limit: 5000 })).status === 200, 60_000);
    this.desk = fleet.pid('desk-a');
    this.admin = await administrator(this.front, this.front);
    await this.#people();
  }

  /** Agents that are signed in, so that their links are opened, each with a token for its requests. */
  async #people() {
    this.callers = new Callers(this.fleet, this.front, this.chance);
    const { people } = this.callers;
    let said = Date.now();
    const progress = (text) => {
      if (this.isCut) throw new Error('cut short before all agents were there');
      if (Date.now() - said < 10_000) return;
      said = Date.now();
      say(text());
    };
    await each(Array.from({ length: this.agents }, (_, n) => n), 4, async (n) => {
      const email = `${id(n)}@fleet.test`;
      const user = await this.admin.must('POST', '/api/admin/users', { email, role: 'agent', password: 'first-of-the-fleet' }, 201);
      await this.admin.must('PUT', `/api/admin/links/${user.id}`, { agent: id(n), password: 'secret', phoneName: id(n), extension: extension(n), uniqueId: String(1001 + n), campaignId: '77' });
      // One address may sign in so often, as people behind it would.
      await new Person(this.front, this.front, `127.0.0.${2 + Math.floor(n / 100)}`).signIn(email, 'first-of-the-fleet', null);
      const { token } = await this.admin.must('POST', '/api/admin/tokens', { name: id(n), role: 'agent', agents: [id(n)] }, 201);
      this.callers.add(id(n), token);
      progress(() => `${people.length} of ${this.agents} agents signed in`);
    });
    say(`${people.length} agents signed in`);
    let up = 0;
    const live = () => people.filter(({ stream }) => stream.isLive).length;
    const areUp = async () => {
      progress(() => `${up} links and ${live()} streams of ${this.agents} are up`);
      const ready = (await ask(this.front, 'GET', '/readyz', { limit: 10_000 })).body;
      up = ready.parts['agent sockets']?.detail?.up ?? 0;
      return up === this.agents && live() === this.agents;
    };
    const end = Date.now() + 120_000 + this.agents * 150;
    while (!await areUp()) {
      if (Date.now() > end) throw new Error(`only ${up} links and ${live()} streams of ${this.agents} are up`);
      await sleep(500);
    }
  }

  async #counts() {
    const cpu = process.cpuUsage();
    const counts = { desk: spent(this.desk), sim: spent(this.fleet.pid('sim')), generator: (cpu.user + cpu.system) / 1e6, database: 0, calls: this.callers.ended, at: Date.now() };
    if (this.database === 'sqlite') {
      const text = (await ask(this.front, 'GET', '/metrics', { headers: { authorization: this.scrape } })).body;
      counts.transactions = Number(/^desk_store_commits_total (\d+)/m.exec(text)?.[1] ?? NaN);
    } else {
      const [postmaster] = readFileSync(join(this.fleet.folder, 'postgres/postmaster.pid'), 'utf8').split('\n');
      counts.database = spent(Number(postmaster), true) + spent(this.fleet.pid('redis'));
      const [row] = await this.fleet.rows('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS x, (SELECT wal_sync FROM pg_stat_wal) AS syncs');
      counts.transactions = Number(row.x);
      counts.fsyncs = row.syncs;
    }
    counts.pushes = (await this.fleet.control('state')).pushes;
    return counts;
  }

  #gauge() {
    if (Date.now() - (this.memory.at(-1)?.at ?? 0) < 2000) return;
    this.memory.push({ at: Date.now(), desk: resident(this.desk), own: anonymous(this.desk), sim: resident(this.fleet.pid('sim')) });
  }

  #progress(since) {
    const { callers } = this;
    const seconds = (Date.now() - since.at) / 1000;
    const ended = callers.ended - since.calls;
    say(`${seconds.toFixed(0)} s: ${callers.begun} calls begun, ${ended} ended (${(ended / seconds).toFixed(1)} a second), ${callers.skipped} not begun, ${sum(Object.fromEntries(callers.wrong))} failed; ${callers.free()} agents free; `
      + `command p99 ${ms(quantile(callers.commands(), 0.99))} ms, event p99 ${ms(quantile([...callers.events.values()].flat(), 0.99))} ms; desk ${this.memory.at(-1)?.desk.toFixed(0)} MiB; load ${machineLoad()}`);
  }

  async measure() {
    const { callers } = this;
    const { token } = await this.admin.must('POST', '/api/admin/tokens', { name: 'metrics', role: 'administrator' }, 201);
    this.scrape = `Bearer ${token}`;
    // What the desk writes without any call.
    const still = await this.#counts();
    await sleep(Math.min(20_000, minutes * 10_000));
    const begun = await this.#counts();
    const idle = (name) => (1000 * (begun[name] - still[name])) / (begun.at - still.at);
    this.idle = { transactions: idle('transactions'), desk: idle('desk') };
    if (this.database === 'postgres') this.idle.fsyncs = idle('fsyncs');
    const lag = monitorEventLoopDelay({ resolution: 10 });
    lag.enable();
    // The first calls are not counted: connections are opened, caches filled.
    await this.#traffic(Math.min(15, minutes * 12), () => {});
    const before = await this.#counts();
    callers.reset();
    lag.reset();
    await this.#traffic(minutes * 60, () => this.#progress(before));
    const after = await this.#counts();
    this.#progress(before);
    const figures = this.#figures(before, after, lag.percentile(99) / 1e6);
    if (this.database === 'sqlite' && !this.isCut) figures.fsyncs = await this.#syncs();
    await callers.settle(this.isCut ? 1000 : 40_000);
    return figures;
  }

  /** Begins calls for so many seconds, as many a second as were asked for. */
  async #traffic(seconds, progress) {
    const end = Date.now() + seconds * 1000;
    let [next, said] = [Date.now(), Date.now()];
    while (Date.now() < end && !this.isCut) {
      this.#gauge();
      next += 1000 / this.rate;
      this.callers.begin(this.chance.happens(INBOUND));
      if (Date.now() - said > 10_000) { said = Date.now(); progress(); }
      await sleep(Math.max(0, next - Date.now()));
    }
  }

  /** How often a call waits for the disk, in a stretch of its own: a desk that is traced is slower in all it does. */
  async #syncs() {
    const tracer = this.fleet.start('strace', 'strace', ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-e', 'signal=none', '-o', this.trace, '-p', String(this.desk)]);
    const calls = this.callers.ended;
    await this.#traffic(Math.min(20, minutes * 20), () => {});
    const ended = this.callers.ended - calls;
    await this.fleet.end('strace', 'SIGINT', 5000);
    return fsyncs(this.trace) / ended;
  }

  #figures(before, after, lag) {
    const { callers } = this;
    const seconds = (after.at - before.at) / 1000;
    const calls = after.calls - before.calls;
    const per = (name) => (after[name] - before[name]) / calls;
    const both = (all) => ({ p50: quantile(all, 0.5), p99: quantile(all, 0.99) });
    const times = (map) => Object.fromEntries([...map].map(([what, all]) => [what, { n: all.length, ...both(all) }]));
    const pushes = (what) => after.pushes[what] - before.pushes[what];
    for (const what of ['overflowed', 'failed', 'answered_other']) if (pushes(what)) callers.wrong.set(`a push: ${what}`, pushes(what));
    const all = this.memory.filter(({ at }) => at > before.at).map(({ at, desk, own, sim }) => ({ second: Math.round((at - before.at) / 1000), desk, own, sim }));
    return {
      database: this.database, agents: this.agents, asked: this.rate, seconds, calls, rate: calls / seconds, skipped: callers.skipped, begun: callers.begun, isCut: this.isCut,
      commands: both(callers.commands()), events: both([...callers.events.values()].flat()), byCommand: times(callers.latency), byEvent: times(callers.events),
      idle: this.idle, transactions: per('transactions') - (this.idle.transactions * seconds) / calls, fsyncs: per('fsyncs') - ((this.idle.fsyncs ?? 0) * seconds) / calls,
      processor: Object.fromEntries(PARTS.map((name) => [name, (after[name] - before[name]) / seconds])),
      perCall: Object.fromEntries(PARTS.map((name) => [name, 1000 * per(name)])),
      memory: { first: all[0], last: all.at(-1), growth: growth(all.slice(Math.floor(all.length / 2)).map(({ second, own }) => [second / 3600, own])), all },
      pushes: pushes('answered_200') / calls, late: after.pushes.waiting, wrong: Object.fromEntries(callers.wrong), load: machineLoad(), lag,
    };
  }

  async stop() {
    this.callers?.stop();
    await this.fleet?.stop();
  }
}

function table(results) {
  const head = ['database', 'agents', 'calls/s', 'command p50', 'p99 ms', 'event p50', 'p99 ms', 'writes/call', 'fsyncs/call', 'idle writes/s', ...PARTS, 'desk MiB', 'lag p99 ms', 'failed', 'load'];
  const rows = results.map((one) => [one.database, one.agents, `${one.rate.toFixed(1)}/${one.asked}`, ms(one.commands.p50), ms(one.commands.p99), ms(one.events.p50), ms(one.events.p99),
    ms(one.transactions), ms(one.fsyncs), ms(one.idle.transactions), ...PARTS.map((name) => `${Math.round(one.processor[name] * 100)} %`),
    `${one.memory.first?.desk.toFixed(0)} → ${one.memory.last?.desk.toFixed(0)}`, ms(one.lag), sum(one.wrong), one.load]);
  const all = [head, ...rows].map((row) => row.map(String));
  const width = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) => row.map((cell, column) => (column ? cell.padStart(width[column]) : cell.padEnd(width[column]))).join('  ')).join('\n');
}

/** What of the goals a run has not met. */
function missed(one) {
  const found = [];
  const over = (what, value, goal, unit) => { if (!(value <= goal)) found.push(`${what} ${ms(value)}${unit}, the goal is ${goal}${unit}`); };
  over('commands', one.commands.p99, GOALS.command, ' ms');
  over('events', one.events.p99, GOALS.event, ' ms');
  over('writes a call', one.transactions, GOALS.writes, '');
  // A few minutes say nothing of an hour.
  if (one.seconds > 300) over('memory grows by', one.memory.growth ?? 0, GOALS.growth, ' MiB an hour');
  if (one.rate < 0.9 * one.asked) found.push(`${one.rate.toFixed(1)} of ${one.asked} calls a second`);
  const others = sum(one.processor) - one.processor.desk;
  if (others > cpus().length - GOALS.cores) found.push(`the desk had no core to itself: the other parts took ${others.toFixed(1)} of ${cpus().length}`);
  return found;
}

function report(figures) {
  for (const [what, { n, p50, p99 }] of Object.entries({ ...figures.byCommand, ...figures.byEvent })) console.log(`  ${what.padEnd(24)} ${String(n).padStart(7)}  p50 ${ms(p50)} ms  p99 ${ms(p99)} ms`);
  console.log(`  ${figures.pushes.toFixed(1)} pushes a call; at the end ${figures.late} waited to be sent`);
  console.log(`  without any call the desk takes ${ms(100 * figures.idle.desk)} % of a core`);
  console.log(`  processor time a call: ${PARTS.map((name) => `${name} ${ms(figures.perCall[name])} ms`).join(', ')}; the desk's own memory grows by ${ms(figures.memory.growth)} MiB an hour in the second half`);
  for (const [what, n] of Object.entries(figures.wrong)) console.log(`  failed: ${what}: ${n}`);
  if (figures.skipped) console.log(`  ${figures.skipped} of ${figures.begun} calls were not begun: no agent was free`);
  if (figures.isCut) console.log('  cut short');
  const goals = missed(figures);
  console.log(goals.length ? `  goals not met: ${goals.join('; ')}` : '  all goals are met');
}

const results = [], failures = [];
let current = null, isStopped = false;

async function finish(code) {
  if (results.length) {
    writeFileSync(join(out, 'load.json'), JSON.stringify(results, null, 1));
    console.log(`\n${table(results)}`);
    console.log('\nProcessor: of one core. Writes: transactions that wrote, without those that are made without any call. fsyncs likewise: of SQLite by strace, in a stretch of its own after the time; of PostgreSQL by pg_stat_wal. Lag: by how much the generator itself was late.');
    for (const file of await draw(results, out)) console.log(file);
  }
  for (const failure of failures) console.log(`not measured: ${failure}`);
  process.exit(code);
}

/** Ends what is measured now: its figures so far count. The second time everything ends at once. */
function cut(why) {
  if (isStopped) process.exit(130);
  isStopped = true;
  say(`${why}: what there is so far follows`);
  if (current) current.isCut = true;
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.removeAllListeners(signal);
  process.on(signal, () => cut(signal));
}

mkdirSync(out, { recursive: true });
console.log(`${cpus().length} cores, ${cpus()[0].model}; load of the machine before: ${machineLoad()}`);
for (const agents of sizes) {
  for (const database of databases) {
    if (isStopped) break;
    const rate = Number(setting('RATE', agents / 20));
    const what = `${database}: ${agents} agents, ${rate} calls a second, ${minutes} min`;
    say(what);
    const run = new Run(database, agents, rate);
    current = run;
    // Whatever hangs, it ends: a minute and half a second an agent to start, the time itself, and five minutes.
    const limit = 60_000 + agents * 500 + minutes * 60_000 + 300_000;
    const watchdog = setTimeout(() => {
      failures.push(`${what}: it did not end in ${Math.round(limit / 1000)} s`);
      finish(1);
    }, limit);
    try {
      await run.start();
      const figures = await run.measure();
      results.push(figures);
      writeFileSync(join(out, 'load.json'), JSON.stringify(results, null, 1));
      report(figures);
    } catch (error) {
      failures.push(`${what}: ${error.message}`);
      say(`failed: ${error.stack}`);
    } finally {
      await run.stop().catch((error) => failures.push(`${what}: it did not stop well: ${error.message}`));
      clearTimeout(watchdog);
      current = null;
    }
  }
}
await finish(failures.length || isStopped ? 1 : 0);
