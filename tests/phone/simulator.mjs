// A simulator in a process of its own, and what the tests ask of it over REST.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';

const BINARY = process.env.OZONETEL_SIM
  ?? fileURLToPath(new URL('../../target/debug/ozonetel-sim', import.meta.url));

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

export class Simulator {
  static async start(...options) {
    const child = spawn(BINARY, ['--mode', 'key', '--seed', '7', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(child.stdout), 'line');
    return new Simulator(child, JSON.parse(line));
  }

  constructor(child, urls) {
    Object.assign(this, { child, urls, sockets: [] });
  }

  async stop() {
    for (const socket of this.sockets) socket.terminate();
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }

  async #ask(path, options) {
    const response = await fetch(this.urls.http + path, options);
    return JSON.parse(await response.text());
  }

  #post(path, body) {
    const headers = { 'content-type': 'application/json', apiKey: 'test-key' };
    return this.#ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Opens an agent's socket, which is the toolbar's login. */
  async openToolbar(agent) {
    const socket = new WebSocket(`${this.urls.mdl}?agentId=${agent}`, 'org.jwebsocket.json');
    this.sockets.push(socket);
    const [welcome] = await once(socket, 'message');
    return JSON.parse(welcome);
  }

  /** Dials for an agent; the UCID, or what the service said instead. */
  async dial(agent, number) {
    const answer = await this.#post('/ca_apis/AgentManualDial', {
      userName: 'acme_support', agentID: agent, campaignName: 'support_out',
      customerNumber: number, UCID: 'true',
    });
    return answer.ucid ?? answer;
  }

  async dispose(ucid, did, agent) {
    const answer = await this.#post('/ca_apis/DispositionAPIV2', {
      action: 'Set', userName: 'acme_support', ucid, did, agentID: agent, disposition: 'Follow Up', autoRelease: 'true',
    });
    return answer.status;
  }

  inbound(caller) {
    return this.#post('/_sim/inbound', { did: '918000000001', caller });
  }

  customer(ucid, action) {
    return this.#post('/_sim/call', { ucid, action });
  }

  state() {
    return this.#ask('/_sim/state');
  }

  async call(ucid) {
    return (await this.state()).calls.find((call) => call.ucid === ucid);
  }

  async callIs(ucid, state) {
    return until(`call is ${state}`, async () => (await this.call(ucid))?.state === state);
  }
}
