// What agents and customers do: dials with a key each, calls that come in, holds, dispositions. A request without an
// answer is sent again with the same key, as a page does.
import { NoAnswer, sleep } from './http.mjs';

const CODES = ['APPOINTMENT_BOOKED', 'FOLLOW_UP_SCHEDULED', 'INFO_PROVIDED', 'WRONG_NUMBER', 'NOT_INTERESTED', 'CALLBACK_REQUESTED'];

/** The number of the n-th customer who is dialled; no number twice. */
export const dialled = (n) => String(9_000_000_000 + n);
/** The number of the n-th customer who calls. */
export const calling = (n) => String(9_100_000_000 + n);

/** What was wished for, and what was said to it: what the judge goes by. */
export class Wishes {
  constructor() {
    Object.assign(this, { dials: [], inbound: [], dispositions: [], holds: 0, counts: new Map(), wrong: [] });
  }

  count(what, n = 1) {
    this.counts.set(what, (this.counts.get(what) ?? 0) + n);
  }

  fail(what, detail) {
    this.wrong.push({ what, detail });
  }
}

export class Agent {
  constructor(person, fronts, chance, wishes) {
    Object.assign(this, { person, fronts, chance, wishes, id: person.agent });
  }

  /** Asks some desk; `null` where no answer came. */
  async #ask(method, path, options = {}) {
    try {
      const answer = await this.person.ask(method, path, { at: this.chance.pick(this.fronts), limit: 30_000, ...options });
      if (answer.status === 500) this.wishes.fail('answered 500', `${method} ${path.replace(/\d{6,}/g, '…')}`);
      return answer;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.wishes.count(`no answer: ${error.message}`);
      return null;
    }
  }

  async run(until) {
    let strayed = 0;
    while (!until.stopped) {
      const agent = await this.#ask('GET', `/api/agents/${this.id}`);
      if (agent?.status === 401) this.wishes.fail('a session was lost', this.id);
      if (agent?.status === 200 && !agent.body.loggedIn) await this.#ask('POST', `/api/agents/${this.id}/login`, { body: {} });
      const calls = await this.#calls();
      const own = calls.find((call) => call.phase !== 'closed');
      if (own) {
        strayed = 0;
        await this.#handle(own, until);
      } else if (this.chance.happens(0.55)) {
        await this.#dial(until);
      } else {
        await sleep(this.chance.between(300, 1500));
        // Ready again, should the service have it otherwise.
        strayed += 1;
        if (strayed % 5 === 0) await this.#ask('POST', `/api/agents/${this.id}/ready`, { body: {} });
      }
    }
  }

  async #calls() {
    const answer = await this.#ask('GET', '/api/calls/live');
    if (answer?.status !== 200) { await sleep(300); return []; }
    return (answer.body.calls ?? answer.body).filter((call) => call.agent === this.id);
  }

  async #dial(until) {
    const { wishes, chance } = this;
    const n = wishes.dials.length + 1;
    const wish = { n, agent: this.id, key: `wish-${n}`, number: dialled(n), answers: [] };
    wishes.dials.push(wish);
    const once = async () => {
      const answer = await this.#ask('POST', '/api/calls', { headers: { 'idempotency-key': wish.key }, body: { number: wish.number } });
      if (answer) wish.answers.push({ status: answer.status, id: answer.body?.id, ucid: answer.body?.ucid, state: answer.body?.state, may: answer.body?.mayHaveHappened, because: answer.body?.reason ?? answer.body?.code });
      return answer;
    };
    for (let tries = 0; tries < 12; tries += 1) {
      let answer;
      if (chance.happens(0.15)) {
        // Two tabs, one wish, at once.
        wishes.count('dials sent twice at once');
        const both = await Promise.all([once(), once()]);
        answer = both.find((one) => one?.status === 200) ?? both.find(Boolean) ?? null;
      } else {
        answer = await once();
      }
      wishes.count(answer ? `dial: ${answer.status}` : 'dial: no answer');
      if (answer?.status === 200) return;
      if (answer?.status === 504 || answer?.body?.mayHaveHappened) return;
      if (answer && ![202, 409, 429, 502, 503].includes(answer.status)) return;
      if (answer?.status === 409) {
        // The agent has an open dial: it has to be settled first.
        await sleep(chance.between(1500, 4000));
        return;
      }
      await sleep(chance.between(200, 1200));
      if (until.stopped) return;
    }
  }

  async #handle(call, until) {
    const { chance, wishes } = this;
    if (call.phase === 'active' && !call.held && call.can?.hold === null && chance.happens(0.3)) {
      const answer = await this.#ask('POST', `/api/calls/${call.ucid}/hold`, { body: {} });
      wishes.count(answer ? `hold: ${answer.status}` : 'hold: no answer');
      await sleep(chance.between(200, 1000));
      await this.#ask('POST', `/api/calls/${call.ucid}/unhold`, { body: {} });
    } else if (call.phase === 'active' && chance.happens(0.15)) {
      const answer = await this.#ask('POST', `/api/calls/${call.ucid}/end`, { body: {} });
      wishes.count(answer ? `end: ${answer.status}` : 'end: no answer');
    } else if (call.phase === 'after_call' || (call.phase === 'active' && chance.happens(0.1))) {
      await this.#dispose(call, until);
    }
    await sleep(chance.between(150, 600));
  }

  async #dispose(call, until) {
    const { chance, wishes } = this;
    const said = { call: call.ucid, ids: call.ids, agent: this.id, code: chance.pick(CODES), answers: [] };
    wishes.dispositions.push(said);
    for (let tries = 0; tries < 12; tries += 1) {
      const body = { code: said.code, notes: `note of ${call.ucid.slice(-4)}` };
      const answer = await this.#ask('POST', `/api/calls/${call.ucid}/disposition`, { body });
      wishes.count(answer ? `disposition: ${answer.status}` : 'disposition: no answer');
      said.answers.push(answer ? answer.status : 0);
      if (answer && [200, 202].includes(answer.status)) {
        said.acknowledged = true;
        return;
      }
      if (answer && ![502, 503, 504, 429].includes(answer.status)) return;
      await sleep(chance.between(200, 1000));
      if (until.stopped && tries > 3) return;
    }
  }
}

/** Customers call, on average one in so many milliseconds. */
export async function customers(fleet, chance, wishes, every, until) {
  while (!until.stopped) {
    await sleep(chance.between(0.5, 1.5) * every);
    const caller = calling(wishes.inbound.length + 1);
    wishes.inbound.push(caller);
    const arrived = await fleet.control('inbound', { did: '918000000001', caller }).catch(() => null);
    wishes.count(arrived?.ok ? 'customers who called' : 'customers who could not call');
  }
}
