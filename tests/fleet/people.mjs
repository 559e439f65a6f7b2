// The people of a fleet: an administrator, and agents with a session each.
import { ask } from './http.mjs';
import { until } from './processes.mjs';

const PASSWORD = 'first-of-the-fleet';

export class Person {
  constructor(front, origin, from) {
    Object.assign(this, { front, origin, from, cookie: '' });
  }

  async ask(method, path, options = {}) {
    const headers = { cookie: this.cookie, origin: this.origin, ...options.headers };
    return ask(options.at ?? this.front, method, path, { from: this.from, ...options, headers });
  }

  async #mustBe(wanted, method, path, body) {
    const answer = await this.ask(method, path, { body });
    if (answer.status !== wanted) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    const [cookie] = (answer.headers['set-cookie'] ?? []).map((text) => text.split(';')[0]);
    if (cookie) this.cookie = cookie;
    return answer.body;
  }

  async must(method, path, body, wanted = 200) {
    return this.#mustBe(wanted, method, path, body);
  }

  /** Signs in; the first password is changed if that is asked for. */
  async signIn(email, password, next) {
    const me = await this.must('POST', '/api/session', { email, password });
    if (me.mustChangePassword && next) {
      await this.ask('PUT', '/api/me/password', { body: { current: password, new: next } });
      this.cookie = '';
      await this.must('POST', '/api/session', { email, password: next });
    }
    return me;
  }
}

const ADMIN = 'admin@fleet.test';

/** Makes the administrator, before any desk runs. */
export async function addAdministrator(fleet, env) {
  await fleet.desk(['user', 'add', ADMIN, '--role', 'administrator'], env, `${PASSWORD}\n`);
}

/** The administrator, signed in. */
export async function administrator(front, origin) {
  const admin = new Person(front, origin);
  await until('the administrator signs in', async () => { await admin.signIn(ADMIN, PASSWORD, `${PASSWORD}-2`); return true; });
  return admin;
}

/** Adds the user of an agent, linked to it; signed in, with the agent logged in at the service. */
export async function agent(admin, front, origin, { id, extension, number, dialWay }) {
  const email = `${id}@fleet.test`;
  const user = await admin.must('POST', '/api/admin/users', { email, role: 'agent', password: PASSWORD }, 201);
  await admin.must('PUT', `/api/admin/links/${user.id}`, {
    agent: id, password: 'secret', phoneName: id, extension, uniqueId: String(number), campaignId: '77', autoAnswer: 3, dialWay,
  });
  const person = new Person(front, origin);
  await person.signIn(email, PASSWORD, `${PASSWORD}-3`);
  return Object.assign(person, { agent: id, extension, email, userId: user.id });
}
