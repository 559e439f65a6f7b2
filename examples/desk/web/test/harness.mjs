// A desk on its simulator in a process of its own, and browsers that open its page.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { rolldown } from 'rolldown';

const PROGRAM = process.env.DESK_PROGRAM ?? fileURLToPath(new URL('../../../../target/debug/desk', import.meta.url));
const PICTURES = process.env.STORY_PICTURES ?? '';
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
];

export const PASSWORD = 'demo';
/** How long a story waits for what has to come. */
const LIMIT_MS = 15_000;

const children = new Set();
const folders = new Set();
process.on('exit', () => {
  children.forEach((child) => child.kill('SIGKILL'));
  folders.forEach(remove);
});

function remove(folder) {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Polls until `ask` gives something; fails after `limit` milliseconds. */
export async function until(what, ask, limit = LIMIT_MS) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** The desk, and what only a customer or the telephone system can do. */
export class Desk {
  static async start(environment = {}) {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(OZONETEL|DESK|DEEPGRAM|OPENAI|ASSIST)_/.test(name)));
    // What the desk keeps for this start alone goes with the folder.
    const folder = mkdtempSync(join(tmpdir(), 'desk-story-'));
    folders.add(folder);
    const child = spawn(PROGRAM, [], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...clean, TMPDIR: folder, DESK_LISTEN: '127.0.0.1:0', DESK_SIM_SPEED: '2', DESK_SIM_ASSIST: 'off', ...environment },
    });
    children.add(child);
    child.once('exit', () => {
      children.delete(child);
      remove(folder);
    });
    const log = [];
    child.stderr.on('data', (data) => { if (process.env.STORY_LOG) process.stderr.write(data); log.push(data); });
    const lines = createInterface(child.stdout);
    const said = [];
    // From the first line on: several may come at once.
    lines.on('line', (line) => { said.push(line); });
    await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(() => { throw new Error('the desk ended before it said where it listens'); }),
    ]);
    return Object.assign(new Desk(child, JSON.parse(said[0]), said), { folder, log });
  }

  /** What it says after the first line is for people. */
  constructor(child, { http, sim, token }, said) {
    Object.assign(this, { child, http: http.replace('0.0.0.0', '127.0.0.1'), sim, token, said });
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  async control(path, body) {
    const request = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return (await fetch(`${this.sim}/_sim/${path}`, request)).json();
  }

  /** A customer calls; the UCID. */
  async inbound(caller, did = '918000000001') { return (await this.control('inbound', { did, caller })).ucid; }
  customer(ucid, action) { return this.control('call', { ucid, action }); }
  advance(seconds) { return this.control('clock', { advance_s: seconds }); }
  fault(path, kind, more = {}) { return this.control('faults', { path, kind, ...more }); }

  async call(ucid) { return (await this.control('state')).calls.find((call) => call.ucid === ucid); }

  /** Calls of the world that rang this number. */
  async callsTo(number) {
    return (await this.control('state')).calls.filter((call) => JSON.stringify(call).includes(number));
  }

  callIs(ucid, ...states) {
    return until(`call is ${states}`, async () => states.includes((await this.call(ucid))?.state));
  }

  /** How often the service was asked for a path. */
  async requests(part) {
    return (await this.control('requests')).requests.filter((request) => JSON.stringify(request).includes(part)).length;
  }

  async #asService(path, headers, body) {
    const response = await fetch(`${this.sim}/ca_apis/${path}`, {
      method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ userName: 'acme_support', ...body }),
    });
    return response.json();
  }

  /** Another program dials for the desk's agent, with a token of its own: the desk's is void then, and it asks for another. The UCID. */
  async dialledElsewhere(customerNumber) {
    const { token } = await this.#asService('CAToken/generateToken', { apiKey: 'test-key' }, {});
    const answer = await this.#asService('AgentManualDial', { authorization: `Bearer ${token}` }, { agentID: 'agent01', campaignName: 'support_out', customerNumber, UCID: 'true' });
    assert.ok(answer.ucid, `the service took the dial: ${JSON.stringify(answer)}`);
    return answer.ucid;
  }

  /** The API as a machine uses it, with the demo token of agent01. */
  async api(method, path, body) {
    const response = await fetch(this.http + path, {
      method, headers: { authorization: `Bearer ${this.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  }
}

/** A browser with a profile for each person. */
export class Browser {
  /** `microphone` is a WAV file that is spoken into it, over and over. */
  static async start(disabled = [], { microphone } = {}) {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    return new Browser(await chromium.launch({ executablePath, args: [...FLAGS, ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : []), `--disable-features=${['WebRtcHideLocalIpsWithMdns', ...disabled].join(',')}`], headless: true }));
  }

  constructor(browser) { this.browser = browser; }

  /** Someone at the page of a desk who has not signed in. */
  async visitor(desk, email, { prepare, ...options } = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 }, locale: 'en-IN', permissions: ['microphone', 'clipboard-read', 'clipboard-write'], ...options,
    });
    await context.addInitScript(() => {
      const Native = globalThis.RTCPeerConnection;
      globalThis.connections = [];
      globalThis.RTCPeerConnection = class extends Native {
        constructor(...given) { super(...given); globalThis.connections.push(this); }
      };
    });
    await prepare?.(context);
    const person = new Person(desk, context, email);
    await person.open();
    return person;
  }

  /** Someone who is signed in. */
  async person(desk, email, options = {}) {
    const person = await this.visitor(desk, email, options);
    await person.signIn();
    return person;
  }

  /** A customer with a softphone: an extension of the simulator that is dialled. */
  async customer(desk, extension) {
    const context = await this.browser.newContext({ permissions: ['microphone'] });
    const page = await context.newPage();
    await page.goto(`${desk.http}/healthz`);
    const bundle = await rolldown({ input: fileURLToPath(new URL('customer.mjs', import.meta.url)), platform: 'browser', transform: { define: { global: 'globalThis' } } });
    const { output } = await bundle.generate({ format: 'iife' });
    await page.evaluate(output[0].code);
    await page.evaluate(([url, user]) => globalThis.customer.start(url, user), [`${desk.sim.replace('http', 'ws')}/sip`, extension]);
    return {
      context,
      page,
      heard: () => page.evaluate(() => globalThis.customer.heard()),
    };
  }

  /** Every page as it is when a story fails. */
  async pictures(error) {
    if (!PICTURES) return;
    const pages = this.browser.contexts().flatMap((context) => context.pages());
    for (const [at, page] of pages.entries()) {
      await page.screenshot({ path: `${PICTURES}/failed-${error.message.slice(0, 20).replaceAll(/\W/g, '-')}-${at}.png` }).catch(() => {});
    }
  }

  stop() { return this.browser.close(); }
}

/** Each hears the others from now on. */
export async function hearEachOther(...phones) {
  for (const phone of phones) {
    const before = await phone.heard();
    await until('the other one is heard', async () => {
      const { packets, energy } = await phone.heard();
      return packets > (packets < before.packets ? 0 : before.packets) + 50 && energy > 0.001;
    });
  }
}

/** Someone at the page. A console line that the story does not expect fails it. */
export class Person {
  allowed = [];
  lines = [];

  constructor(desk, context, email) {
    Object.assign(this, { desk, context, email });
  }

  async open(path = '/') {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(LIMIT_MS);
    this.#listen(this.page);
    // The first question of a page that is not signed in is answered 401, which Chromium logs as an error.
    this.provokes(/401 \(Unauthorized\)/);
    await this.page.goto(this.desk.http + path);
    return this.page;
  }

  #listen(page) {
    page.on('pageerror', (error) => this.lines.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.lines.push(`${message.type()}: ${message.text()}`);
    });
  }

  /** Failures that this story makes on purpose. */
  provokes(...patterns) { this.allowed.push(...patterns); }

  async signIn(password = PASSWORD) {
    await this.page.getByLabel('E-mail').fill(this.email);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('navigation', { name: 'Pages' }).waitFor();
  }

  /** The softphone is registered. */
  phoneReady() { return this.page.getByText('Phone ready').waitFor(); }

  button(name) { return this.page.getByRole('button', { name, exact: false }); }
  card(name) { return this.page.getByRole('region', { name }); }

  async dial(number) {
    await this.page.getByLabel('Number to call').fill(number);
    await this.page.getByRole('button', { name: 'Call', exact: true }).click();
  }

  /** The outbound call is up; the UCID. */
  async talks() {
    await this.page.getByText('Talking', { exact: true }).waitFor();
    const live = await this.json('/api/calls/live');
    return live.calls.find(({ phase }) => phase === 'active').ucid;
  }

  async dispose(name, notes = '') {
    await this.page.getByRole('radio', { name }).check();
    if (notes) await this.page.getByLabel('Notes').fill(notes);
    await this.page.getByRole('button', { name: 'Save disposition' }).click();
    await this.page.getByRole('button', { name: 'Back to Worklist' }).waitFor();
  }

  async back() { await this.page.getByRole('button', { name: 'Back to Worklist' }).click(); }

  /** What has arrived of the other side's voice. */
  heard() {
    return this.page.evaluate(async () => {
      const reports = [...(await globalThis.connections.at(-1)?.getStats() ?? new Map()).values()];
      const inbound = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
      return { packets: inbound?.packetsReceived ?? 0, energy: inbound?.totalAudioEnergy ?? 0 };
    });
  }

  /** Asks the desk as this page would. */
  json(path) {
    return this.page.evaluate(async (url) => (await fetch(url)).json(), path);
  }

  async picture(name) {
    if (!PICTURES) return;
    if (!existsSync(PICTURES)) mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: `${PICTURES}/${name}.png` });
  }

  /** Every console line was expected. */
  quiet() {
    const unexpected = this.lines.filter((line) => !this.allowed.some((pattern) => pattern.test(line)));
    assert.deepEqual(unexpected, []);
  }

  async leave() {
    this.quiet();
    await this.context.close();
  }
}

/** Runs a story on a desk of its own. */
export function story(browser, run, environment) {
  return async () => {
    const desk = await Desk.start(environment);
    try { await run(desk, browser()); } catch (error) {
      await browser().pictures(error);
      throw error;
    } finally { await desk.stop(); }
  };
}
