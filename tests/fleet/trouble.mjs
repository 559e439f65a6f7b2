// What goes wrong, by chance from the seed: faults of the service, and of the machines.
import { sleep } from './http.mjs';
import { until } from './processes.mjs';

const DIAL = '/ca_apis/AgentManualDial';
const DISPOSITION = '/ca_apis/DispositionAPIV2';
const CONTROL = '/ca_apis/CallControl_V4';

/** Of REST: of what it does or does not do, and how it answers. */
const REST = ['delay', 'status', 'html', 'cut', 'close_before', 'close_after', 'slow_drip', 'limit_text', 'limit_status'];
const SOCKET = ['silence', 'half_open', 'close_before', 'cut', 'close_after', 'duplicate', 'delay', 'reorder', 'giant', 'non_json'];
const PUSH = ['duplicate', 'delay', 'reorder', 'loss', 'ping'];

/** Faults of the service, one in so many milliseconds. */
export async function faults(fleet, chance, wishes, every, over) {
  // An hour has ten tokens.
  let expired = 0;
  while (!over.stopped) {
    await sleep(chance.between(0.3, 1.7) * every);
    const kindOf = chance.next();
    let fault;
    if (kindOf < 0.5) {
      const path = chance.pick([DIAL, DIAL, DISPOSITION, DISPOSITION, CONTROL, '*']);
      fault = { path, kind: chance.pick(REST), delay_ms: Math.round(chance.between(200, 4000)) };
      if (fault.kind === 'slow_drip') fault.delay_ms = 50;
      if (fault.kind === 'status') fault.status = chance.pick([500, 502, 503, 504, 429]);
      if (path === DIAL && expired < 3 && chance.happens(0.1)) { fault = { path, kind: 'expired_token' }; expired += 1; }
    } else if (kindOf < 0.65) {
      fault = { path: 'mdl', kind: chance.pick(SOCKET), delay_ms: Math.round(chance.between(100, 3000)) };
    } else {
      const of = chance.pick(['push', 'push:callback', 'push:call', 'push:agent']);
      fault = { path: of, kind: chance.pick(PUSH), delay_ms: Math.round(chance.between(100, 8000)) };
    }
    const taken = await fleet.control('faults', fault).catch(() => null);
    const group = fault.path.startsWith('push') ? 'push' : fault.path === 'mdl' ? 'socket' : 'REST';
    if (taken?.ok) wishes.count(`fault of ${group}: ${fault.kind}`);
    else wishes.fail('a fault was not taken', JSON.stringify({ fault, taken }));
  }
}

/** Telephones lose their connection. */
export async function brokenPhones(phones, chance, wishes, every, over) {
  while (!over.stopped && phones.length) {
    await sleep(chance.between(0.3, 1.7) * every);
    const phone = chance.pick(phones);
    if (chance.happens(0.3)) {
      if (phone.hangUp()) wishes.count('telephone: hung up');
    } else {
      phone.breaks();
      wishes.count('telephone: connection lost');
    }
  }
}

export class Machines {
  /** `cables` by desk: `{database, redis, sim}`; `start(name)` starts a desk again. */
  constructor(fleet, desks, cables, front, start, wishes, log) {
    Object.assign(this, { fleet, desks, cables, front, start, wishes, log, restarts: 0 });
  }

  /** All that can go wrong, with its weight. */
  troubles() {
    const desk = (chance) => chance.pick(this.desks);
    return [
      [4, 'a desk killed', async (chance) => {
        const name = desk(chance);
        this.log(`kill -9 ${name}`);
        await this.fleet.end(name);
        await sleep(chance.between(0, 12_000));
        await this.#again(name);
      }],
      [2, 'a desk ended in order', async (chance) => {
        const name = desk(chance);
        this.log(`SIGTERM ${name}`);
        const code = await this.fleet.end(name, 'SIGTERM');
        if (code !== 0) this.log(`${name} ended with ${code}`);
        await sleep(chance.between(0, 2000));
        await this.#again(name);
      }],
      [1, 'both desks killed', async (chance) => {
        this.log('kill -9 of both desks');
        await Promise.all(this.desks.map((name) => this.fleet.end(name)));
        await sleep(chance.between(0, 3000));
        await Promise.all(this.desks.map((name) => this.#again(name)));
      }],
      [2, 'PostgreSQL restarted', async (chance) => {
        const mode = chance.pick(['immediate', 'fast']);
        this.log(`PostgreSQL stopped, ${mode}`);
        await this.fleet.stopPostgres(mode);
        await sleep(chance.between(0, 6000));
        await this.fleet.startPostgres();
      }],
      [2, 'Redis stopped and started', async (chance) => {
        this.log('Redis stopped');
        await this.fleet.end('redis');
        await sleep(chance.between(500, 6000));
        await this.fleet.startRedis();
      }],
      ...['database', 'redis', 'sim'].flatMap((part) => ['broken', 'silent'].map((how) => [
        1.5, `cable to ${part}: ${how}`, async (chance) => {
          const name = desk(chance);
          this.log(`cable ${name} - ${part} ${how}`);
          const cable = this.cables[name][part];
          cable.cut(how);
          await sleep(chance.between(500, 9000));
          cable.mend();
        },
      ])),
      [1, 'cable to the front: broken', async (chance) => {
        this.log('cable to the front broken');
        this.front.cut('broken');
        await sleep(chance.between(200, 3000));
        this.front.mend();
      }],
    ];
  }

  async #again(name) {
    this.restarts += 1;
    this.start(name);
    // It may not come up while something else is broken: then it is started again.
    for (let tries = 0; ; tries += 1) {
      const end = Date.now() + 20_000;
      while (Date.now() < end && this.fleet.isUp(name)) {
        if (await this.isWell(name)) return;
        await sleep(100);
      }
      if (tries === 5) throw new Error(`${name} does not start again`);
      await this.fleet.end(name);
      this.start(name);
    }
  }

  async run(chance, every, over) {
    const all = this.troubles();
    const total = all.reduce((sum, [weight]) => sum + weight, 0);
    while (!over.stopped) {
      await sleep(chance.between(0.3, 1.7) * every);
      if (over.stopped) break;
      let at = chance.next() * total;
      const [, what, does] = all.find(([weight]) => { at -= weight; return at < 0; }) ?? all[0];
      this.wishes.count(`machines: ${what}`);
      await does(chance);
    }
  }

  /** Everything whole again. */
  async mend() {
    this.front.mend();
    for (const name of this.desks) for (const cable of Object.values(this.cables[name])) cable.mend();
    for (const name of this.desks) if (!this.fleet.isUp(name)) await this.#again(name);
    await until('both desks are well', async () => (await Promise.all(this.desks.map((name) => this.isWell(name)))).every(Boolean), 60_000);
  }
}
