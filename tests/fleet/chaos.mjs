// Two desks under traffic while everything around them fails; at the end all books have to agree.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Cable } from './cable.mjs';
import { machineLoad } from './gauge.mjs';
import { Chance } from './random.mjs';
import { ask, sleep } from './http.mjs';
import { Judge, World, onItsWay, verdict } from './judge.mjs';
import { addAdministrator, administrator, agent as addAgent } from './people.mjs';
import { Phone } from './phone.mjs';
import { Fleet, freePort, journal, until } from './processes.mjs';
import { Stream } from './stream.mjs';
import { Agent, Wishes, customers } from './traffic.mjs';
import { Machines, brokenPhones, faults } from './trouble.mjs';

const number = (name, usual) => Number(process.env[name] || usual);
const [seconds, agents, drain] = [number('CHAOS_SECONDS', 600), number('AGENTS', 8), number('DRAIN', 1500)];
const seed = number('SEED', Math.floor(Math.random() * 1e9));
const DESKS = ['desk-a', 'desk-b'];

const scenario = (fleet, front) => `
[rules]
wrap_up_limit_s = 60
[phones]
customer_answer_rate = 0.85
talk_s = [6, 50]
reconnect_s = 32
held_limit_s = 60
queue_limit_s = 40
[push]
callback_url = "${front}/webhooks/ozonetel/calls/${fleet.secrets.webhook}"
at_once = 8
${Array.from({ length: agents }, (_, n) => `[[agents]]\nid = "agent${String(n + 1).padStart(2, '0')}"\nnumber = ${1001 + n}\nextension = "${500_001 + n}"\n`).join('')}`;

const chance = new Chance(seed);
const wishes = new Wishes();
const fleet = new Fleet('chaos');
const load = machineLoad();
const log = journal(fleet, 'chaos.log');
const began = Date.now();
let said = 0;
const progress = (text) => {
  const line = `${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s  ${text}`;
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`);
  else if (Date.now() - said > 20_000) {
    said = Date.now();
    console.log(line);
  }
};
console.log(`SEED=${seed} CHAOS_SECONDS=${seconds} AGENTS=${agents}; load of the machine ${load}; logs in ${fleet.folder}`);

// The parts, and the cables between them.
const ports = Object.fromEntries(await Promise.all(DESKS.map(async (name) => [name, await freePort()])));
let turn = 0;
const front = await new Cable('front', () => {
  turn += 1;
  return DESKS.map((_, n) => ports[DESKS[(turn + n) % DESKS.length]]);
}).open();
const address = `http://127.0.0.1:${front.port}`;
await Promise.all([fleet.initPostgres(), fleet.startRedis()]);
await fleet.startSim(scenario(fleet, address), '--speed', '4', '--seed', String(seed), '--log', join(fleet.folder, 'requests.jsonl'));
const cables = {};
const env = {};
for (const name of DESKS) {
  const [database, redis, sim] = await Promise.all([
    new Cable(`${name}/database`, () => [fleet.databasePort]).open(), new Cable(`${name}/redis`, () => [fleet.redisPort]).open(),
    new Cable(`${name}/sim`, () => [fleet.simPort]).open(),
  ]);
  cables[name] = { database, redis, sim };
  env[name] = fleet.deskEnv(name, ports[name], { database: database.port, redis: redis.port, sim: sim.port, front: address });
}
const phoneCable = await new Cable('phones', () => [fleet.simPort]).open();
const start = (name) => fleet.startDesk(name, env[name]);
const isWell = async (name) => (await ask(`http://127.0.0.1:${ports[name]}`, 'GET', '/healthz', { limit: 3000 }).catch(() => null))?.status === 200;

// The people.
await addAdministrator(fleet, env['desk-a']);
DESKS.forEach(start);
await until('both desks answer', async () => (await Promise.all(DESKS.map(isWell))).every(Boolean), 60_000);
const admin = await administrator(address, address);
await admin.must('PUT', '/api/admin/subscription', {});
const people = [];
for (let n = 0; n < agents; n += 1) {
  people.push(await addAgent(admin, address, address, {
    id: `agent${String(n + 1).padStart(2, '0')}`, extension: String(500_001 + n), number: 1001 + n,
    // Every third agent dials over the agent socket.
    dialWay: n % 3 === 2 ? 'socket' : 'agent',
  }));
}
const streams = people.map((person) => new Stream(person));
const answered = [];
// Every other agent has a softphone.
const phones = people.filter((_, n) => n % 2 === 1).map((person) => {
  const say = (event, ucid) => person.ask('POST', '/api/phone/events', { body: { event, ucid: ucid ?? undefined, page: person.agent }, limit: 5000 }).catch(() => {});
  const decide = async (ucid, headers) => {
    const reply = await person.ask('POST', '/api/phone/events', { body: { event: 'invite', headers, page: person.agent, at: Date.now() }, limit: 2000 });
    return reply.status === 200 ? reply.body.answer : 'ask';
  };
  const note = (what, call) => {
    wishes.count(what);
    if (call.answer === 'auto') answered.push({ ucid: call.ucid, agent: person.agent });
  };
  return new Phone(`ws://127.0.0.1:${phoneCable.port}/sip`, person.extension, { decide, say, note, chance: chance.for(`phone ${person.agent}`) });
});

// Traffic, and trouble.
const fronts = [address, ...DESKS.map((name) => `http://127.0.0.1:${ports[name]}`)];
const world = new World(fleet);
const traffic = { stopped: false }, trouble = { stopped: false };
const machines = Object.assign(new Machines(fleet, DESKS, cables, front, start, wishes, log), { isWell });
const working = people.map((person) => new Agent(person, fronts, chance.for(person.agent), wishes).run(traffic));
working.push(customers(fleet, chance.for('customers'), wishes, 6000, traffic));
const failing = [
  faults(fleet, chance.for('faults'), wishes, 1500, trouble), machines.run(chance.for('machines'), 5000, trouble),
  brokenPhones(phones, chance.for('phones'), wishes, 7000, trouble),
];
const stopped = (work) => work.catch((error) => wishes.fail('the driver failed', error.stack ?? error.message));
const all = [...working, ...failing].map(stopped);
const end = Date.now() + seconds * 1000;
while (Date.now() < end) {
  await sleep(Math.min(5000, Math.max(0, end - Date.now())));
  await world.look().catch(() => {});
  progress(`${wishes.dials.length} dials, ${wishes.inbound.length} customers, ${wishes.dispositions.length} dispositions, ${world.calls.size} calls, ${machines.restarts} restarts, ${wishes.wrong.length} wrong`);
}

// Calm: what was begun is finished, what is unknown is settled.
trouble.stopped = true;
await Promise.all(all.slice(working.length));
await machines.mend();
log('calm');
await sleep(8000);
traffic.stopped = true;
await Promise.all(all.slice(0, working.length));
const calm = Date.now();
let left;
for (;;) {
  left = await onItsWay(fleet, world);
  if (left.up) {
    for (const call of [...world.calls.values()].filter((one) => !['ended', 'wrap_up'].includes(one.state))) {
      await fleet.control('call', { ucid: call.ucid, action: 'hangup' });
    }
  }
  const sum = Object.values(left).reduce((total, n) => total + Number(n), 0);
  progress(`settling: ${Object.entries(left).map(([what, n]) => `${what} ${n}`).join(', ')}`);
  if (sum === 0 || Date.now() - calm > drain * 1000) break;
  await sleep(5000);
}
const settledIn = Math.round((Date.now() - calm) / 1000);
await sleep(4000);
await world.look();
wishes.count('restarts of desks', machines.restarts);
wishes.count('seconds until all was settled', settledIn);
wishes.count('streams opened again', streams.reduce((sum, stream) => sum + stream.opened - 1, 0));
wishes.count('events heard', streams.reduce((sum, stream) => sum + stream.events, 0));
const ready = await Promise.all(DESKS.map(async (name) => (await ask(`http://127.0.0.1:${ports[name]}`, 'GET', '/readyz')).body));
const judge = new Judge(fleet, world, wishes);
const checks = await judge.run({ streams, answered, doctor: () => fleet.desk(['doctor'], env['desk-a']) });
judge.check('desks are well at the end', DESKS.length, ready.filter((one) => one.condition === 'down').map((one) => JSON.stringify(one)));
streams.forEach((stream) => stream.stop());
phones.forEach((phone) => phone.stop());
const { text, well } = verdict(checks, wishes.counts);
console.log(`\n${text}\n`);
console.log(`load of the machine before ${load}, after ${machineLoad()}`);
console.log(well ? `All agrees. SEED=${seed} CHAOS_SECONDS=${seconds}` : `Something disagrees: SEED=${seed} CHAOS_SECONDS=${seconds} make chaos; logs in ${fleet.folder}`);
const keep = !well || process.env.KEEP === '1';
if (keep) await fleet.sql(`COPY (SELECT row_to_json(d) FROM desk_dial d) TO STDOUT`).then((lines) => lines.forEach((line) => log(`dial ${line}`)));
await fleet.stop({ keep });
if (keep) rmSync(join(fleet.folder, 'postgres'), { recursive: true, force: true });
process.exit(well ? 0 : 1);
