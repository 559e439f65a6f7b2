// A softphone on JsSIP, in Node and in the browser: rings, and answers by itself what the agent's
// setting "outbound calls" covers.
import JsSIP from 'jssip';

/** How long a dial waits for its INVITE. */
const DIAL_PENDING_MS = 30_000;

export class Softphone {
  constructor(url, extension, answerOptions = {}) {
    this.answerOptions = answerOptions;
    this.calls = [];
    this.pendingUntil = 0;
    this.socket = new JsSIP.WebSocketInterface(url);
    this.ua = new JsSIP.UA({
      sockets: [this.socket],
      connection_recovery_min_interval: 1,
      uri: `sip:${extension}@sim.example.test`,
      password: extension,
      session_timers: false,
      register_expires: 60,
    });
    this.ua.on('newRTCSession', ({ originator, session, request }) => {
      if (originator === 'remote') this.#rings(session, request);
    });
  }

  start() {
    return new Promise((resolve, reject) => {
      this.ua.once('registered', () => resolve());
      this.ua.once('registrationFailed', ({ cause }) => reject(new Error(cause)));
      this.ua.start();
    });
  }

  stop() {
    this.ua.stop();
  }

  /** The connection breaks; resolves when the softphone has registered again. */
  breaks() {
    return new Promise((resolve) => {
      this.ua.once('registered', () => resolve());
      this.socket._ws.close();
    });
  }

  /** A dial is on its way: the next call that names no caller is its own. */
  dialled() {
    this.pendingUntil = Date.now() + DIAL_PENDING_MS;
  }

  #rings(session, request) {
    const caller = request.getHeader('X-CALLERNO') ?? null;
    const call = {
      session, caller, ucid: request.getHeader('X-UCID') ?? null,
      state: 'ringing', answeredByItself: false, cause: null,
    };
    this.calls.push(call);
    session.on('confirmed', () => { call.state = 'up'; });
    session.on('ended', ({ cause }) => { call.state = 'ended'; call.cause = cause; });
    session.on('failed', ({ cause }) => { call.state = 'failed'; call.cause = cause; });
    if (caller === null && Date.now() < this.pendingUntil) {
      this.pendingUntil = 0;
      call.answeredByItself = true;
      session.answer(this.answerOptions);
    }
  }

  get last() {
    return this.calls.at(-1);
  }

  answer() {
    this.last.session.answer(this.answerOptions);
  }

  hangUp() {
    this.last.session.terminate();
  }

  hold(on) {
    return new Promise((resolve) => {
      const { session } = this.last;
      if (on) session.hold({}, resolve);
      else session.unhold({}, resolve);
    });
  }

  /** Presses a key; the digit goes as INFO. */
  press(tone) {
    return new Promise((resolve, reject) => {
      const { session } = this.last;
      session.once('newDTMF', ({ dtmf }) => {
        dtmf.once('succeeded', () => resolve());
        dtmf.once('failed', () => reject(new Error(`${tone} was refused`)));
      });
      session.sendDTMF(tone, { transportType: 'INFO' });
    });
  }

  /** What can be told of the last call across processes. */
  view() {
    if (!this.last) return null;
    const { session: _, ...view } = this.last;
    return { ...view, count: this.calls.length };
  }
}
