// A simulator in a process of its own. Calls are placed, disposed of and looked up through the SDK: its command line
// is what the tests run. What only a telephone or its owner can do goes over the control requests.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAMS = process.env.PHONE_TEST_PROGRAMS ?? fileURLToPath(new URL('../../target/debug', import.meta.url));
const program = (name) => join(PROGRAMS, name);

/** The longest that a command may take. */
const COMMAND_MS = 30_000;

/** Polls until `ask` gives something; fails after `limit` milliseconds. */
export async function until(what, ask, limit = 20_000) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const children = new Set();
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** Starts a program that does not outlive this one. */
export function start(file, args, options) {
  const child = spawn(file, args, options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Ends a program that `start` started. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

export class Simulator {
  static async start(...options) {
    const speed = options.includes('--speed') ? [] : ['--speed', '2'];
    const child = start(program('ozonetel-sim'), ['--mode', 'key', '--seed', '7', ...speed, ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    return new Simulator(child, JSON.parse(line), await mkdtemp(join(tmpdir(), 'phone-test-')));
  }

  /** Runs a story on a simulator where an agent's toolbar is open. */
  static async run(story, ...options) {
    const simulator = await Simulator.start(...options);
    try {
      await simulator.openToolbar();
      await story(simulator);
    } finally {
      await simulator.stop();
    }
  }

  constructor(child, urls, directory) {
    Object.assign(this, { children: [child], urls, directory, events: [], closers: [] });
    this.environment = {
      OZONETEL_BASE_URL: urls.http, OZONETEL_MDL_URL: `${urls.mdl}?agentId=agent01`,
      OZONETEL_AUTH: 'key', OZONETEL_ACCOUNT: 'acme_support', OZONETEL_API_KEY: 'test-key',
      OZONETEL_AGENT_ID: 'agent01', OZONETEL_AGENT_UNIQ_ID: '1001', OZONETEL_SIP_ID: '500001',
      OZONETEL_CAMPAIGN: 'support_out', OZONETEL_CAMPAIGN_ID: '77', OZONETEL_DID: '918000000001',
      // A customer at a softphone has an extension for a number.
      OZONETEL_ALLOWED_NUMBERS: '500002', OZONETEL_STATE_DIR: join(directory, 'state'),
    };
  }

  /** Done before the simulator ends. */
  atEnd(close) {
    this.closers.push(close);
  }

  async stop() {
    await Promise.all(this.closers.map((close) => close()));
    for (const child of this.children.reverse()) await end(child);
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Runs `ozonetel`; what it printed as JSON. */
  ozonetel(...args) {
    return new Promise((resolve, reject) => {
      const options = { env: this.environment, timeout: COMMAND_MS };
      execFile(program('ozonetel'), [...args, '--output', 'json'], options, (error, out, messages) => {
        if (error) reject(new Error(`ozonetel ${args[0]} failed: ${messages}`));
        else resolve(JSON.parse(out));
      });
    });
  }

  /** Opens the agent's socket and listens, as the toolbar does. */
  async openToolbar() {
    const child = start(program('ozonetel'), ['mdl', 'watch', '--output', 'jsonl'], {
      stdio: ['ignore', 'pipe', 'inherit'], env: this.environment,
    });
    this.children.push(child);
    createInterface(child.stdout).on('line', (line) => this.events.push(JSON.parse(line)));
    await until('the socket has a session', () => this.events.some(({ state }) => state === 'up'));
  }

  /** Waits for a push on the agent's socket. */
  pushed(type) {
    return until(`${type} is pushed`, () => this.events.find((e) => e.event === 'push' && e.type === type));
  }

  /** Dials for the agent over REST; the UCID. */
  async dial(number) {
    return (await this.ozonetel('dial', number, '--yes')).ucid;
  }

  /** Dials for the agent over the agent socket; the UCID. */
  async dialOverSocket(number) {
    return (await this.ozonetel('mdl', 'dial', number, '--yes')).ucid;
  }

  dispose(ucid) {
    return this.ozonetel('dispose', ucid, 'Follow Up');
  }

  /** Asks for something of call control, as the agent of the call. */
  async control(agent, ucid, action, number) {
    const answer = await fetch(`${this.urls.http}/ca_apis/CallControl_V4`, {
      method: 'POST',
      headers: { apiKey: 'test-key', 'content-type': 'application/json' },
      body: JSON.stringify({
        userName: 'acme_support', action, ucid, did: '918000000001', agentPhoneName: agent, conferenceNumber: number,
      }),
    });
    const { status, message } = await answer.json();
    if (status !== 'Success') throw new Error(`${action} was refused: ${message}`);
  }

  /** A call's row in the CDR. */
  async row(ucid) {
    return (await this.ozonetel('cdr', 'day')).find((row) => row.UCID === ucid);
  }

  async #control(path, body) {
    const request = body && { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`${this.urls.http}/_sim/${path}`, request)).json();
  }

  /** A customer calls; the UCID. */
  async inbound(caller) {
    return (await this.#control('inbound', { did: '918000000001', caller })).ucid;
  }

  customer(ucid, action) {
    return this.#control('call', { ucid, action });
  }

  advance(seconds) {
    return this.#control('clock', { advance_s: seconds });
  }

  async calls() {
    return (await this.#control('state')).calls;
  }

  async call(ucid) {
    return (await this.calls()).find((call) => call.ucid === ucid);
  }

  callIs(ucid, ...states) {
    return until(`call is ${states}`, async () => states.includes((await this.call(ucid))?.state));
  }
}
