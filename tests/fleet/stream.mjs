// A page's stream of events: resumed by the last id, anew from a snapshot where the desk says so.
import { request } from 'node:http';
import { sleep } from './http.mjs';

export class Stream {
  /** `heard(kind, data, at)` for each event. */
  constructor(person, heard = () => {}) {
    Object.assign(this, { person, heard, calls: new Map(), last: null, isOn: true, opened: 0, backIn: [], events: 0 });
    this.running = this.#run();
  }

  async #run() {
    while (this.isOn) {
      const since = Date.now();
      await this.#once(since).catch(() => {});
      this.isLive = false;
      if (this.isOn) await sleep(250);
    }
  }

  #once(since) {
    return new Promise((resolve) => {
      const url = new URL('/api/events', this.person.front);
      const headers = { cookie: this.person.cookie, ...this.person.headers, accept: 'text/event-stream', ...(this.last !== null && { 'last-event-id': String(this.last) }) };
      const asked = request(url, { headers, agent: false }, (answer) => {
        if (answer.statusCode !== 200) {
          answer.resume();
          answer.on('close', () => setTimeout(resolve, 250));
          return;
        }
        this.opened += 1;
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part) => {
          // A page that has heard nothing for 40 s connects again.
          quiet.refresh();
          text += part;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            this.#frame(text.slice(0, end), since);
            text = text.slice(end + 2);
          }
        });
        answer.on('close', resolve);
        answer.on('error', () => {});
      });
      const quiet = setTimeout(() => asked.destroy(), 40_000);
      this.asked = asked;
      asked.on('error', resolve);
      asked.on('close', () => { clearTimeout(quiet); resolve(); });
      asked.end();
    });
  }

  #frame(text, since) {
    const field = (name) => text.split('\n').filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join('\n');
    const [id, kind, data] = [field('id'), field('event'), field('data')];
    if (!kind) return;
    if (!this.isLive) {
      this.isLive = true;
      if (this.opened > 1) this.backIn.push(Date.now() - since);
    }
    this.events += 1;
    if (id) {
      const next = Number(id);
      if (this.last !== null && next < this.last) this.backwards = (this.backwards ?? 0) + 1;
      this.last = next;
    }
    if (!data) return;
    const body = JSON.parse(data);
    if (kind === 'snapshot') for (const call of body.calls ?? []) this.#see(call);
    if (kind === 'call.changed') this.#see(body);
    this.heard(kind, body, Date.now());
  }

  #see(call) {
    const known = this.calls.get(call.ucid);
    if (!known || known.version <= call.version) this.calls.set(call.ucid, { version: call.version, phase: call.phase });
  }

  stop() {
    this.isOn = false;
    this.asked?.destroy();
  }
}
