// A softphone without sound: SIP over WebSocket, as much of it as a leg needs. The desk says whether it answers by itself.
import { createHash, randomBytes } from 'node:crypto';
import { sleep } from './http.mjs';

const DOMAIN = 'sim.example.test';
const md5 = (text) => createHash('md5').update(text).digest('hex');
const id = () => randomBytes(8).toString('hex');

const SESSION = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'm=audio 9 UDP/TLS/RTP/SAVPF 0', 'c=IN IP4 0.0.0.0',
  'a=ice-ufrag:fleet', 'a=ice-pwd:0123456789012345678901', 'a=fingerprint:sha-256 00:11', 'a=setup:active', 'a=mid:0', 'a=rtcp-mux', ''].join('\r\n');

function parse(text) {
  const [head, ...body] = text.split('\r\n\r\n');
  const [first, ...lines] = head.split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  const all = (name) => headers.filter(([own]) => own === name).map(([, value]) => value);
  const status = /^SIP\/2\.0 (\d+)/.exec(first);
  return {
    first, headers, all, one: (name) => all(name)[0] ?? null, body: body.join('\r\n\r\n'),
    status: status ? Number(status[1]) : null, method: status ? null : first.split(' ')[0],
  };
}

export class Phone {
  /** `decide` is asked about an INVITE: `auto`, `ask` or `busy`. `say` hears of legs: `answered`, `ended`. */
  constructor(url, extension, { decide, say, chance, note }) {
    Object.assign(this, { url, extension, decide, say, chance, note, calls: new Map(), cseq: 0, callId: id(), instance: id(), isOn: true });
    this.contact = `sip:${extension}-${this.instance}@fleet.invalid;transport=ws`;
    this.#connect();
  }

  #connect() {
    if (!this.isOn) return;
    const socket = new WebSocket(this.url, 'sip');
    this.socket = socket;
    this.isRegistered = false;
    socket.onopen = () => this.#register();
    socket.onmessage = ({ data }) => this.#receive(typeof data === 'string' ? data : Buffer.from(data).toString());
    socket.onerror = () => {};
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.isRegistered = false;
      clearInterval(this.refresh);
      setTimeout(() => this.#connect(), this.chance.between(200, 4000));
    };
  }

  #send(lines, body = '') {
    if (this.socket?.readyState !== 1) return;
    const length = Buffer.byteLength(body);
    const type = body ? ['Content-Type: application/sdp'] : [];
    this.socket.send(`${[...lines, ...type, `Content-Length: ${length}`].join('\r\n')}\r\n\r\n${body}`);
  }

  #request(method, target, { from, to, callId, extra = [] }) {
    this.cseq += 1;
    this.#send([`${method} ${target} SIP/2.0`, `Via: SIP/2.0/WS fleet.invalid;branch=z9hG4bK${id()}`, 'Max-Forwards: 70', `From: ${from}`, `To: ${to}`,
      `Call-ID: ${callId}`, `CSeq: ${this.cseq} ${method}`, `Contact: <${this.contact}>;+sip.instance="<urn:uuid:${this.instance}>"`, ...extra]);
  }

  #respond(request, status, reason, { body = '', extra = [] } = {}) {
    const to = request.one('to');
    this.#send([`SIP/2.0 ${status} ${reason}`, ...request.all('via').map((via) => `Via: ${via}`), `From: ${request.one('from')}`,
      `To: ${/;tag=/.test(to) || status === 100 ? to : `${to};tag=${this.instance}`}`, `Call-ID: ${request.one('call-id')}`, `CSeq: ${request.one('cseq')}`, ...extra], body);
  }

  #register(authorization) {
    const own = `<sip:${this.extension}@${DOMAIN}>`;
    this.#request('REGISTER', `sip:${DOMAIN}`, {
      from: `${own};tag=${this.instance}`, to: own, callId: this.callId, extra: ['Expires: 60', ...(authorization ? [`Authorization: ${authorization}`] : [])],
    });
  }

  #receive(text) {
    const message = parse(text);
    if (message.status !== null) {
      if (message.one('cseq')?.endsWith('REGISTER')) this.#registered(message);
      return;
    }
    const call = this.calls.get(message.one('call-id'));
    if (message.method === 'INVITE' && !call) this.#rings(message);
    else if (message.method === 'INVITE') this.#respond(message, 200, 'OK', { body: SESSION, extra: [`Contact: <${this.contact}>`] });
    else if (message.method === 'ACK') this.#isUp(call);
    else if (message.method === 'CANCEL' || message.method === 'BYE') {
      this.#respond(message, 200, 'OK');
      if (call && message.method === 'CANCEL') this.#respond(call.invite, 487, 'Request Terminated');
      this.#over(message.one('call-id'));
    } else this.#respond(message, 200, 'OK');
  }

  #registered(message) {
    if (message.status === 401) {
      const [, realm] = /realm="([^"]*)"/.exec(message.one('www-authenticate'));
      const [, nonce] = /nonce="([^"]*)"/.exec(message.one('www-authenticate'));
      const uri = `sip:${DOMAIN}`;
      const response = md5(`${md5(`${this.extension}:${realm}:${this.extension}`)}:${nonce}:${md5(`REGISTER:${uri}`)}`);
      this.#register(`Digest username="${this.extension}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5`);
    } else if (message.status === 200) {
      if (!this.isRegistered) this.say('registered', null);
      this.isRegistered = true;
      clearInterval(this.refresh);
      this.refresh = setInterval(() => this.#register(), 30_000);
    }
  }

  async #rings(invite) {
    const callId = invite.one('call-id');
    const call = { invite, ucid: invite.one('x-ucid'), caller: invite.one('x-callerno'), state: 'ringing' };
    this.calls.set(callId, call);
    this.#respond(invite, 180, 'Ringing');
    const headers = Object.fromEntries(invite.headers.filter(([name]) => name.startsWith('x-') || name === 'call-id'));
    // Without an answer in a second it is the agent who decides.
    const answer = await Promise.race([this.decide(call.ucid, headers).catch(() => 'ask'), sleep(1000).then(() => 'ask')]);
    call.answer = answer;
    this.note(`phone: ${answer}`, call);
    if (answer === 'busy') {
      this.#respond(invite, 486, 'Busy Here');
      this.#over(callId, true);
      return;
    }
    if (answer === 'ask') {
      // Some agents are not there.
      if (this.chance.happens(0.1)) return;
      await sleep(this.chance.between(200, 1500));
    }
    if (call.state !== 'ringing') return;
    this.#respond(invite, 200, 'OK', { body: SESSION, extra: [`Contact: <${this.contact}>`] });
    call.state = 'answered';
  }

  #isUp(call) {
    if (call?.state !== 'answered') return;
    call.state = 'up';
    this.say('answered', call.ucid);
  }

  #over(callId, quiet = false) {
    const call = this.calls.get(callId);
    if (!call) return;
    this.calls.delete(callId);
    call.state = 'over';
    if (!quiet) this.say('ended', call.ucid);
  }

  /** The agent hangs up whatever is up. */
  hangUp() {
    for (const [callId, call] of this.calls) {
      if (call.state !== 'up') continue;
      const target = /<([^>]*)>/.exec(call.invite.one('contact') ?? '')?.[1] ?? `sip:${DOMAIN}`;
      this.#request('BYE', target, { from: `${call.invite.one('to')};tag=${this.instance}`, to: call.invite.one('from'), callId });
      this.#over(callId);
      return true;
    }
    return false;
  }

  /** The connection breaks; it is there again in a few seconds. */
  breaks() {
    this.socket?.close();
  }

  stop() {
    this.isOn = false;
    clearInterval(this.refresh);
    this.socket?.close();
  }
}
