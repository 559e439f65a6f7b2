// Agents who dial, take calls, hold, and say how it went: what puts a desk under load. Every request is timed, and every
// event from the change at the service on.
import { NoAnswer, ask, sleep } from './http.mjs';
import { Stream } from './stream.mjs';
import { calling, dialled } from './traffic.mjs';

const HELD = 0.2;

/** A call that has not been heard of for so long keeps its agent from nothing. */
const FORGOTTEN = 60_000;

const isOf = (call, leg) => call.ucid === leg || (call.ids ?? []).includes(leg);

export class Callers {
  constructor(fleet, front, chance) {
    Object.assign(this, { fleet, front, chance, people: [], running: new Set(), arrivals: new Map(), dialledSoFar: 0, calledSoFar: 0, ended: 0 });
    this.reset();
  }

  /** Forgets what was counted. */
  reset() {
    Object.assign(this, { latency: new Map(), events: new Map(), wrong: new Map(), begun: 0, skipped: 0 });
  }

  /** An agent with a page: requests with a token, and a stream of events. */
  add(agent, token) {
    const person = { agent, front: this.front, cookie: '', headers: { authorization: `Bearer ${token}` }, isBusy: false, own: new Map(), handled: new Set(), waits: null, since: null };
    person.stream = new Stream(person, (kind, body, at) => this.#heard(person, kind, body, at));
    this.people.push(person);
  }

  stop() {
    this.people.forEach(({ stream }) => stream.stop());
  }

  note(map, what, ms) {
    if (!map.has(what)) map.set(what, []);
    map.get(what).push(ms);
  }

  fail(what) {
    this.wrong.set(what, (this.wrong.get(what) ?? 0) + 1);
  }

  /** Times of what agents command. */
  commands() {
    return ['dial', 'hold', 'unhold', 'disposition'].flatMap((what) => this.latency.get(what) ?? []);
  }

  /** Begins a call: one that comes in, or one that a free agent dials. */
  begin(isInbound) {
    const free = this.people.filter((person) => this.#isFree(person));
    this.begun += 1;
    if (isInbound) {
      this.calledSoFar += 1;
      const caller = calling(this.calledSoFar);
      // Who waits in the service's queue is not yet the desk's.
      if (free.length * 20 > this.people.length) this.arrivals.set(caller, Date.now());
      this.#keep(this.fleet.control('inbound', { did: '918000000001', caller }).then((arrived) => { if (!arrived?.ok) this.fail('a customer could not call'); }));
    } else if (free.length === 0) {
      this.skipped += 1;
    } else {
      this.#busy(this.chance.pick(free), (person) => this.#outbound(person));
    }
  }

  /** Waits for what goes on, at most so long. */
  async settle(limit) {
    await Promise.race([Promise.all(this.running), sleep(limit)]);
  }

  /** How many agents could take a call now. */
  free() {
    return this.people.filter((person) => this.#isFree(person)).length;
  }

  #isFree(person) {
    const now = Date.now();
    const isDone = ({ call, at }) => (call.phase === 'after_call' && person.handled.has(call.ucid)) || now - at > FORGOTTEN;
    return !person.isBusy && [...person.own.values()].every(isDone);
  }

  #keep(work) {
    const kept = work.catch((error) => this.fail(error.message)).finally(() => this.running.delete(kept));
    this.running.add(kept);
  }

  #busy(person, work) {
    person.isBusy = true;
    this.#keep(work(person).finally(() => { person.isBusy = false; this.#next(person); }));
  }

  /** What waits for an agent who has become free: a customer who was put through meanwhile, a call with nothing said. */
  #next(person) {
    if (person.isBusy) return;
    for (const { call } of person.own.values()) {
      if (person.handled.has(call.ucid)) continue;
      if (call.direction === 'inbound' && ['ringing', 'active'].includes(call.phase)) {
        person.handled.add(call.ucid);
        this.#busy(person, () => this.#inbound(person, call));
        return;
      }
      if (call.phase === 'after_call') {
        person.handled.add(call.ucid);
        this.#busy(person, () => this.#dispose(person, call.ucid));
        return;
      }
    }
  }

  async #ask(person, what, method, path, body, headers = {}) {
    const began = performance.now();
    try {
      const answer = await ask(this.front, method, path, { body, headers: { ...person.headers, ...headers } });
      this.note(this.latency, what, performance.now() - began);
      if (answer.status >= 300) this.fail(`${what}: ${answer.status} ${answer.body?.reason ?? answer.body?.code ?? ''}`.trim());
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
    // What was two calls so far may be one.
    for (const known of call.ids ?? []) if (known !== call.ucid) person.own.delete(known);
    if (call.phase === 'closed') {
      person.own.delete(call.ucid);
      person.handled.delete(call.ucid);
    } else {
      person.own.set(call.ucid, { call, at });
    }
    if (call.direction === 'inbound' && call.phase === 'ringing') {
      const caller = String(call.number ?? '').slice(-10);
      const arrived = this.arrivals.get(caller);
      if (arrived) this.note(this.events, 'a customer calls', at - arrived);
      this.arrivals.delete(caller);
    }
    if (person.since && ['after_call', 'closed'].includes(call.phase) && isOf(call, person.since.leg)) {
      this.note(this.events, 'the customer hangs up', at - person.since.at);
      person.since = null;
    }
    person.waits?.(call);
    this.#next(person);
  }

  /** Waits until the stream has a call in a phase; `null` if it has not in time. */
  #reaches(person, leg, phases, limit = 30_000) {
    const known = [...person.own.values()].find(({ call }) => isOf(call, leg) && phases.includes(call.phase));
    if (known) return Promise.resolve(known.call);
    return new Promise((resolve) => {
      const done = (call) => { clearTimeout(timer); person.waits = null; resolve(call); };
      const timer = setTimeout(() => done(null), limit);
      person.waits = (call) => { if (isOf(call, leg) && phases.includes(call.phase)) done(call); };
    });
  }

  async #inbound(person, call) {
    const leg = call.ids?.at(-1) ?? call.ucid;
    await this.#phone(person, 'invite', undefined, { headers: { 'x-ucid': leg, 'x-callerno': call.number ?? '' } });
    if (!await this.#reaches(person, call.ucid, ['active', 'after_call'])) { this.fail('a customer who was not answered'); return; }
    await this.#talk(person, call.ucid, leg);
  }

  async #outbound(person) {
    this.dialledSoFar += 1;
    const n = this.dialledSoFar;
    const placed = await this.#ask(person, 'dial', 'POST', '/api/calls', { number: dialled(n) }, { 'idempotency-key': `load-${n}` });
    if (placed?.status !== 200) return;
    const leg = placed.body.ucid;
    person.handled.add(leg);
    await this.#phone(person, 'invite', undefined, { headers: { 'x-ucid': leg } });
    const call = await this.#reaches(person, leg, ['active', 'after_call']);
    if (!call) { this.fail('a call that was not answered'); return; }
    person.handled.add(call.ucid);
    await this.#talk(person, call.ucid, leg);
  }

  async #talk(person, ucid, leg) {
    await this.#phone(person, 'answered', leg);
    await sleep(this.chance.between(3000, 6000));
    if (this.chance.happens(HELD)) {
      await this.#ask(person, 'hold', 'POST', `/api/calls/${ucid}/hold`, {});
      await sleep(1000);
      await this.#ask(person, 'unhold', 'POST', `/api/calls/${ucid}/unhold`, {});
    }
    person.since = { leg: ucid, at: Date.now() };
    const over = this.#reaches(person, ucid, ['after_call', 'closed'], 20_000);
    const hung = await this.fleet.control('call', { ucid: leg, action: 'hangup' });
    if (!hung?.ok) this.fail('a customer could not hang up');
    await this.#phone(person, 'ended', leg);
    if (!await over) this.fail('an end that was not heard of');
    person.since = null;
    await this.#dispose(person, ucid);
  }

  async #dispose(person, ucid) {
    await this.#ask(person, 'disposition', 'POST', `/api/calls/${ucid}/disposition`, { code: 'INFO_PROVIDED', notes: 'as agreed' });
    this.ended += 1;
  }
}
