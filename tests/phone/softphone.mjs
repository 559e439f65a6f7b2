// A softphone on JsSIP, in Node and in the browser: rings, and answers by itself what the agent's
// setting "outbound calls" covers.
import JsSIP from 'jssip';

/** How long a dial waits for its INVITE. */
const DIAL_PENDING_MS = 30_000;

/** The least that a softphone has to decide by itself: a dial's own call is answered, once. */
class PendingDial {
  pendingUntil = 0;

  dialled() {
    this.pendingUntil = Date.now() + DIAL_PENDING_MS;
  }

  answersAtOnce(_ucid, caller) {
    const answers = caller === null && Date.now() < this.pendingUntil;
    if (answers) this.pendingUntil = 0;
    return answers;
  }

  readUcid() {
    return null;
  }

  ended() {}
}

export class Softphone {
  constructor(url, extension, answerOptions = {}, decision = new PendingDial()) {
    this.answerOptions = answerOptions;
    this.calls = [];
    this.decision = decision;
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
    this.decision.dialled();
  }

  #rings(session, request) {
    const caller = request.getHeader('X-CALLERNO') ?? null;
    const call = {
      session, caller, ucid: request.getHeader('X-UCID') ?? null,
      state: 'ringing', answeredByItself: false, cause: null, readUcid: this.decision.readUcid(request.data),
    };
    this.calls.push(call);
    session.on('confirmed', () => { call.state = 'up'; });
    const over = (state) => ({ cause }) => {
      Object.assign(call, { state, cause });
      this.decision.ended(call.ucid);
    };
    session.on('ended', over('ended'));
    session.on('failed', over('failed'));
    if (this.decision.answersAtOnce(call.ucid, caller)) {
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
