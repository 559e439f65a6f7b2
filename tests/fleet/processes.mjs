// The processes of a fleet: PostgreSQL, Redis, the simulator as the service, and desks, each with a folder for its log.
// All of them end with this process.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask, sleep } from './http.mjs';

const run = promisify(execFile);
const BIN = process.env.FLEET_PROGRAMS ?? 'target/debug';

const children = new Set();
const kill = () => { for (const child of children) child.kill('SIGKILL'); };
process.on('exit', kill);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** A port that is free now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Asks until something comes of it; fails after so many milliseconds. */
export async function until(what, look, limit = 30_000) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await Promise.resolve(look()).catch(() => null);
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: it has not come about in ${limit / 1000} s`);
    await sleep(50);
  }
}

const secret = () => randomBytes(24).toString('hex');

/** PostgreSQL does not run as root: the user it runs as then. */
function otherUser() {
  if (userInfo().uid !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // The next one.
    }
  }
  throw new Error('there is no user to run PostgreSQL as');
}

function postgresPath() {
  const versions = '/usr/lib/postgresql';
  const found = existsSync(versions) ? readdirSync(versions).sort((a, b) => b - a) : [];
  return [...found.map((version) => join(versions, version, 'bin')), process.env.PATH].join(':');
}

export class Fleet {
  constructor(name) {
    this.folder = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), `${name}-`));
    chmodSync(this.folder, 0o711);
    this.secrets = { key: secret() + secret().slice(0, 16), webhook: secret(), database: secret(), redis: secret() };
    this.processes = new Map();
    this.other = otherUser();
    // Whatever ends this process, PostgreSQL does not outlive it.
    process.on('exit', () => {
      if (!this.databasePort) return;
      const options = { env: { ...process.env, PATH: postgresPath() }, ...(this.other ?? {}), cwd: '/', stdio: 'ignore' };
      try { execFileSync('pg_ctl', ['-D', join(this.folder, 'postgres'), '-m', 'immediate', 'stop'], options); } catch { /* It has ended. */ }
    });
  }

  /** Runs a program whose messages go to `name.log`, and what it prints to `name.out`; both are appended to. */
  start(name, file, args, env = {}) {
    const [out, log] = ['out', 'log'].map((kind) => openSync(join(this.folder, `${name}.${kind}`), 'a'));
    const child = spawn(file, args, { stdio: ['ignore', out, log], env: { ...process.env, ...env } });
    closeSync(out);
    closeSync(log);
    children.add(child);
    child.once('exit', () => children.delete(child));
    child.on('error', (error) => { console.error(`${name}: ${error.message}`); process.exit(2); });
    this.processes.set(name, child);
    return child;
  }

  isUp(name) {
    const child = this.processes.get(name);
    return Boolean(child) && child.exitCode === null && child.signalCode === null;
  }

  pid(name) {
    return this.processes.get(name)?.pid;
  }

  /** Ends a program; how it ended. */
  async end(name, signal = 'SIGKILL', limit = 90_000) {
    const child = this.processes.get(name);
    if (!this.isUp(name)) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    const [code] = await gone;
    clearTimeout(timer);
    return code;
  }

  async #pgCtl(...args) {
    const options = { env: { ...process.env, PATH: postgresPath() }, ...(this.other ?? {}), cwd: '/' };
    return run('pg_ctl', ['-D', join(this.folder, 'postgres'), ...args], options);
  }

  async initPostgres() {
    this.databasePort = await freePort();
    const data = join(this.folder, 'postgres');
    const password = join(this.folder, 'password');
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(password, this.secrets.database, { mode: 0o600 });
    writeFileSync(join(this.folder, 'postgres.log'), '');
    if (this.other) {
      for (const path of [data, password, join(this.folder, 'postgres.log')]) {
        chownSync(path, this.other.uid, this.other.gid);
      }
    }
    const options = { env: { ...process.env, PATH: postgresPath() }, ...(this.other ?? {}), cwd: '/' };
    await run('initdb', ['-D', data, '-U', 'desk', '-A', 'scram-sha-256', `--pwfile=${password}`, '-E', 'UTF8', '--locale=C'], options);
    rmSync(password);
    await this.startPostgres();
    await this.sql('CREATE DATABASE desk', 'postgres');
  }

  async startPostgres() {
    const settings = [`listen_addresses=127.0.0.1`, `port=${this.databasePort}`, `unix_socket_directories=''`, 'max_connections=200'];
    await this.#pgCtl('-l', join(this.folder, 'postgres.log'), '-w', '-o', settings.map((one) => `-c ${one}`).join(' '), 'start');
  }

  async stopPostgres(mode = 'immediate') {
    await this.#pgCtl('-m', mode, '-w', 'stop');
  }

  /** What PostgreSQL answers, a line each. */
  async sql(query, database = 'desk') {
    const { stdout } = await run('psql', ['-h', '127.0.0.1', '-p', this.databasePort, '-U', 'desk', '-d', database, '-qAtX', '-c', query], {
      env: { ...process.env, PGPASSWORD: this.secrets.database }, maxBuffer: 1 << 28, timeout: 120_000,
    });
    return stdout.split('\n').filter(Boolean);
  }

  /** The rows of a query as objects. */
  async rows(query, database) {
    return (await this.sql(`SELECT row_to_json(found) FROM (${query}) found`, database)).map((line) => JSON.parse(line));
  }

  async startRedis() {
    this.redisPort ??= await freePort();
    const file = join(this.folder, 'redis.conf');
    const settings = ['bind 127.0.0.1', `port ${this.redisPort}`, `requirepass ${this.secrets.redis}`, 'save ""', `dir ${this.folder}`];
    writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o600 });
    this.start('redis', 'redis-server', [file]);
    const env = { ...process.env, REDISCLI_AUTH: this.secrets.redis };
    await until('Redis answers', async () => (await run('redis-cli', ['-p', this.redisPort, 'ping'], { env })).stdout.startsWith('PONG'));
  }

  /** The service. `scenario` is TOML. */
  async startSim(scenario, ...args) {
    this.simPort = await freePort();
    const file = join(this.folder, 'scenario.toml');
    writeFileSync(file, scenario);
    this.start('sim', join(BIN, 'ozonetel-sim'), ['--listen', this.simPort, '--scenario', file, ...args]);
    this.sim = `http://127.0.0.1:${this.simPort}`;
    await until('the simulator answers', async () => (await this.control('state')).now, 60_000);
  }

  /** A control request of the simulator. */
  async control(path, body) {
    const answer = await ask(this.sim, body ? 'POST' : 'GET', `/_sim/${path}`, { body, limit: 20_000 });
    return answer.body;
  }

  /** Variables that all desks of the fleet have. `to` says how each part is reached: by a proxy, or directly. */
  deskEnv(name, port, to) {
    return {
      OZONETEL_BASE_URL: `http://127.0.0.1:${to.sim}`, OZONETEL_ACCOUNT: 'acme_support', OZONETEL_API_KEY: 'test-key',
      OZONETEL_CAMPAIGN: 'support_out', OZONETEL_DID: '918000000001',
      ...(to.database && { DATABASE_URL: `postgres://desk:${this.secrets.database}@127.0.0.1:${to.database}/desk?sslmode=disable` }),
      ...(to.redis && { REDIS_URL: `redis://:${this.secrets.redis}@127.0.0.1:${to.redis}/0` }),
      DESK_KEY: this.secrets.key, DESK_WEBHOOK_SECRET: this.secrets.webhook, DESK_PUBLIC_URL: to.front, DESK_BEHIND_PROXY: '1',
      DESK_AGENT_SOCKET_URL: `ws://127.0.0.1:${to.sim}/mdl?agentId={agent}`, DESK_SIP_HOST: 'sim.example.test',
      DESK_SIP_ADDRESS: `ws://127.0.0.1:${to.sim}/sip`, DESK_PAUSE_REASONS: 'lunch', DESK_AUTO_ANSWER: '3',
      DESK_DISPOSITIONS: 'one-to-one', DESK_NAME: name, DESK_LISTEN: String(port),
    };
  }

  startDesk(name, env) {
    this.start(name, join(BIN, 'desk'), [], env);
  }

  /** Runs `desk` with arguments; what it printed. */
  async desk(args, env, input = '') {
    const child = spawn(join(BIN, 'desk'), args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (text) => { out += text; });
    child.stderr.on('data', (text) => { out += text; });
    child.stdin.end(input);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`desk ${args[0]} ${args[1]}: ${out}`);
    return out;
  }

  logs() {
    return readdirSync(this.folder).filter((name) => name.endsWith('.log') && !name.startsWith('postgres'));
  }

  /** Ends everything, desks first and in order. */
  async stop({ keep = false } = {}) {
    const desks = [...this.processes.keys()].filter((name) => name.startsWith('desk'));
    await Promise.all(desks.map((name) => this.end(name, 'SIGTERM')));
    for (const name of this.processes.keys()) await this.end(name);
    if (this.databasePort) await this.stopPostgres('fast').catch(() => {});
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Writes lines to a file of the folder. */
export function journal(fleet, name) {
  const stream = createWriteStream(join(fleet.folder, name));
  return (line) => stream.write(`${new Date().toISOString()} ${line}\n`);
}
