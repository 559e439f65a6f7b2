/** This tab's phone: the machine, the SIP stack, the audio and the desk's word on each INVITE. */
import { get, ofUser, post } from '../api/client';
import { Loudspeaker, microphone } from './audio';
import type { AudioCommand } from './owner';
import type { Relay } from './relay';
import { START, next, type Answer, type Phone, type PhoneFact } from './machine';
import type { PhoneNews } from '../api/types';
import type { Invitation, Sip, SipListener } from './jssip';

/** The desk's word on an INVITE has to come within this time; without it the agent is asked. */
const DECISION_MS = 1_000;

/** What is heard of each side of the call that is up here. */
export interface Voices { customer: MediaStream | null; agent: MediaStream | null }

/** Whether a microphone gives sound: one that was unplugged stays silent. */
const isLive = (stream: MediaStream | null): stream is MediaStream => stream !== null && stream.getAudioTracks().some(({ readyState }) => readyState !== 'ended');

export class Softphone {
  #phone: Phone = START;
  #watchers = new Set<() => void>();
  #sip: Sip | null = null;
  #voices: Voices = { customer: null, agent: null };
  #invitations = new Map<string, Invitation>();
  #answered = new Set<string>();
  /** The session that was answered, and the microphone that it sends. */
  #sends: { session: string; stream: MediaStream } | null = null;
  /** The session whose microphone was lost, as the desk was told. */
  #unheard: string | null = null;
  /** Microphones of before: each is let go once no session sends it. */
  #old = new Set<MediaStream>();
  #relay: Relay | null = null;
  #starting: Promise<void> | null = null;
  /** How often this tab has given the phone away: what began before that comes to nothing. */
  #given = 0;
  /** Whether the desk is told anything: not while somebody else is signed in. */
  tells = true;
  readonly speaker = new Loudspeaker();
  /** A page that is loaded anew is another phone: it never continues the old page's dialogs. */
  readonly #instance = crypto.randomUUID();

  get phone() { return this.#phone; }
  get voices() { return this.#voices; }

  watch = (watcher: () => void) => {
    this.#watchers.add(watcher);
    return () => { this.#watchers.delete(watcher); };
  };

  /** Asks for the microphone and registers. Once; again after `stop`. */
  start(): Promise<void> {
    const isOver = this.#since();
    this.#starting ??= this.#start(isOver).catch((error: unknown) => { if (!isOver()) this.#failed(); throw error; });
    return this.#starting;
  }

  /** Nothing is left of a start that failed, so that another one begins anew. */
  #failed() {
    this.#starting = null;
    this.#relay?.stop();
    this.#relay = null;
    this.#sip?.stop();
    this.#sip = null;
    this.#is({ is: 'failed' });
  }

  /** The desk answers again, or somebody has signed in again: what waits for that is tried at once. */
  hurry() { this.#relay?.hurry(); }

  /** What was refused is asked for again. */
  registerAgain() { this.#sip?.register(); }

  stop() {
    this.#given += 1;
    this.speaker.ring(false);
    this.#relay?.stop();
    this.#relay = null;
    this.#sip?.stop();
    this.#sip = null;
    this.#starting = null;
    if (this.#voices.agent) this.#old.add(this.#voices.agent);
    this.#sends = null;
    this.#letGo();
    this.#hear({ customer: null, agent: null });
    this.#is({ is: 'unregistered' });
  }

  /** The page goes: the contact is taken away, and the desk is told at once, since no answer to that is heard any more. */
  leave() {
    if (!this.#sip) return;
    this.#sip.leave();
    this.#tell({ event: 'unregistered' }, true);
  }

  /** The network changed: a new socket, and new candidates for the session that is up. */
  async networkChanged() {
    const { leg } = this.#phone;
    await this.#sip?.networkChanged(leg.kind === 'up' ? leg.session : null);
  }

  /** An audio command. Answers why not, or `null`. */
  async carryOut(command: AudioCommand, value?: string): Promise<string | null> {
    const { leg } = this.#phone;
    if (command === 'hand_over') return leg.kind === 'idle' ? null : 'in_a_call';
    if (leg.kind === 'ringing') {
      if (command === 'answer') return this.#answer(leg.session);
      if (command === 'decline' || command === 'hang_up') { this.#invitations.get(leg.session)?.decline(); return null; }
    }
    if (leg.kind === 'up') {
      if (command === 'mute' || command === 'unmute') {
        this.#sip?.mute(leg.session, command === 'mute');
        this.#is({ is: 'muted', session: leg.session, on: command === 'mute' });
        return null;
      }
      if (command === 'keys' && value) { this.#sip?.press(leg.session, value); return null; }
      if (command === 'hang_up') { this.#sip?.hangUp(leg.session); return null; }
    }
    return 'no_audio_here';
  }

  /** Asks again for the microphone and moves a session's track to it. */
  async useDevices() {
    const isOver = this.#since();
    const got = await microphone();
    if (isOver()) {
      if (got.state === 'ready') got.stream.getTracks().forEach((track) => track.stop());
      return;
    }
    this.#is({ is: 'microphone', state: got.state });
    if (got.state !== 'ready') return;
    if (this.#voices.agent) this.#old.add(this.#voices.agent);
    this.#hear({ agent: got.stream });
    this.#watchTrack(got.stream);
    await this.#sendNewest();
  }

  /**
   * The session that was answered gets the microphone of now, and only then are those of before let go. One that cannot
   * take it yet goes on with the one that it has until it is up.
   */
  async #sendNewest() {
    const { agent } = this.#voices;
    const session = this.#sends?.session;
    if (agent && session !== undefined && this.#sends?.stream !== agent) {
      const took = await this.#sip?.microphone(session, agent).catch(() => false);
      if (took && this.#sends?.session === session) {
        this.#sends = { session, stream: agent };
        this.#heardAgain(session);
      }
    }
    this.#letGo();
  }

  /** The other tabs know from the desk that the agent cannot be heard: it is told that this is over. */
  #heardAgain(session: string) {
    if (this.#unheard !== session) return;
    this.#unheard = null;
    this.#tell({ event: 'answered', ucid: this.#ucid(session) });
  }

  #letGo() {
    for (const stream of this.#old) {
      if (stream === this.#sends?.stream) continue;
      this.#old.delete(stream);
      stream.getTracks().forEach((track) => track.stop());
    }
  }

  /** Answers, at any later time, whether the phone was given away since. */
  #since() {
    const given = this.#given;
    return () => given !== this.#given;
  }

  async #start(isOver: () => boolean) {
    const config = await get('/api/phone/config');
    if (!config.enabled || isOver()) return;
    this.#is({ is: 'connecting' });
    const relay = config.agentSocket.relay;
    if (relay !== null) {
      const { Relay: Carries } = await import('./relay');
      if (isOver()) return;
      this.#relay = new Carries(location.origin.replace(/^http/, 'ws') + ofUser(relay));
      this.#relay.start();
    }
    await this.useDevices();
    if (isOver()) return;
    // The SIP stack is a third of the page: only the tab that owns the phone loads it.
    const { Sip: SipStack } = await import('./jssip');
    if (isOver()) return;
    const sip: Sip = new SipStack({
      url: config.url,
      uri: `sip:${config.extension}@${config.domain}`,
      password: config.password,
      iceServers: config.iceServers.map((urls) => ({ urls })),
      instanceId: this.#instance,
    }, this.#listener(() => sip));
    this.#sip = sip;
    sip.start();
  }

  /** What a stack says of its registration counts until another one takes its place; that it has one, only while it is the phone. */
  #listener(own: () => Sip): SipListener {
    const isReplaced = () => this.#sip !== null && this.#sip !== own();
    const told = (is: 'unregistered' | 'refused') => {
      if (isReplaced()) return;
      this.#is({ is });
      this.#tell({ event: 'unregistered' });
    };
    return {
      connecting: () => { if (this.#sip === own()) this.#is({ is: 'connecting' }); },
      registered: () => {
        if (this.#sip !== own()) return;
        this.#is({ is: 'registered' });
        this.#tell({ event: 'registered' });
      },
      unregistered: () => told('unregistered'),
      refused: () => told('refused'),
      invited: (invitation) => void this.#invited(invitation),
      up: (id) => {
        if (!this.#isOfLeg(id)) return;
        this.speaker.ring(false);
        this.#is({ is: 'up', session: id });
        this.#tell({ event: 'answered', ucid: this.#ucid(id) });
        void this.#sendNewest();
      },
      ended: (id, cause, byUs) => this.#ended(id, cause, byUs),
      track: (id, stream) => {
        if (!this.#isOfLeg(id)) return;
        this.speaker.play(stream);
        this.#hear({ customer: stream });
      },
    };
  }

  /** A session is over. One that was refused beside the call of now takes nothing from that call. */
  #ended(id: string, cause: string, byUs: boolean) {
    const isOfLeg = this.#isOfLeg(id);
    const ucid = this.#ucid(id);
    this.#invitations.delete(id);
    this.#answered.delete(id);
    if (!isOfLeg) return;
    this.speaker.ring(false);
    this.speaker.silence();
    this.#hear({ customer: null });
    this.#sends = null;
    this.#unheard = null;
    this.#letGo();
    this.#is({ is: 'ended', session: id });
    this.#tell({ event: 'ended', ucid, cause, byAgent: byUs });
  }

  async #invited(invitation: Invitation) {
    const header = (name: string) => Object.entries(invitation.headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? null;
    const ucid = header('x-ucid');
    const caller = header('x-callerno');
    if (this.#phone.leg.kind === 'up' || this.#phone.leg.kind === 'ringing') { invitation.busy(); return; }
    this.#invitations.set(invitation.id, invitation);
    this.#is({ is: 'invited', session: invitation.id, ucid, caller });
    const asked = this.#decision(invitation);
    const slow = new Promise<null>((resolve) => { setTimeout(() => resolve(null), DECISION_MS); });
    const first = await Promise.race([asked, slow]);
    // A desk that is slow: the agent may pick up meanwhile, and its word counts when it comes.
    if (first === null && this.#rings(invitation.id)) this.#ask(invitation.id);
    const answer = first ?? await asked;
    if (!this.#rings(invitation.id) || this.#answered.has(invitation.id)) return;
    if (answer === 'ask') { this.#ask(invitation.id); return; }
    this.speaker.ring(false);
    if (answer === 'busy') { invitation.busy(); return; }
    // Without a microphone it cannot be answered by itself: it rings, and the agent can pick up once there is one.
    if (await this.#answer(invitation.id) !== null && this.#rings(invitation.id)) this.#ask(invitation.id);
  }

  #ask(session: string) {
    this.#is({ is: 'decided', session, answer: 'ask' });
    this.speaker.ring(true);
  }

  #decision(invitation: Invitation): Promise<Answer> {
    return post('/api/phone/events', {
      event: 'invite', headers: invitation.headers, from: invitation.from, at: Date.now(), page: this.#instance,
    }).then(({ answer }) => answer ?? 'ask', (): Answer => 'ask');
  }

  async #answer(session: string): Promise<string | null> {
    if (!isLive(this.#voices.agent)) await this.useDevices();
    const invitation = this.#invitations.get(session);
    // The desk's word and a click, or two clicks, may both pick up: once is enough.
    if (this.#answered.has(session)) return null;
    const { agent } = this.#voices;
    if (!invitation) return 'not_ringing';
    if (!isLive(agent)) return this.#phone.microphone === 'forbidden' ? 'microphone_forbidden' : 'microphone_missing';
    this.#answered.add(session);
    // Who was muted or on hold when the last call ended is heard in this one.
    agent.getAudioTracks().forEach((track) => { track.enabled = true; });
    this.#sends = { session, stream: agent };
    invitation.answer(agent);
    return null;
  }

  #rings(session: string): boolean {
    const { leg } = this.#phone;
    return leg.kind === 'ringing' && leg.session === session;
  }

  /** Whether a session is the one that rings or is up here. */
  #isOfLeg(session: string): boolean {
    const { leg } = this.#phone;
    return (leg.kind === 'ringing' || leg.kind === 'up') && leg.session === session;
  }

  #watchTrack(stream: MediaStream) {
    const [track] = stream.getAudioTracks();
    track?.addEventListener('ended', () => { if (stream === this.#voices.agent) void this.#anotherDevice(); });
  }

  /** The headset was unplugged: another microphone takes over, if there is one. */
  async #anotherDevice() {
    await this.useDevices();
    if (this.#phone.microphone === 'ready') return;
    const { leg } = this.#phone;
    if (leg.kind === 'up') this.#unheard = leg.session;
    this.#tell({ event: 'device_lost', ucid: leg.kind === 'up' ? leg.ucid : null });
  }

  /** Something was plugged in or out: a microphone that was missing, or the chosen one, may be there again. */
  devicesChanged = () => {
    if (this.#starting && this.#phone.microphone !== 'forbidden') void this.useDevices();
  };

  #ucid(id: string): string | null {
    const { leg } = this.#phone;
    return (leg.kind === 'ringing' || leg.kind === 'up') && leg.session === id ? leg.ucid : null;
  }

  /** Nobody else is signed in any more: what the phone is by now, which it did not tell meanwhile. */
  tellAgain() {
    this.tells = true;
    if (!this.#sip) return;
    const { leg, registration } = this.#phone;
    this.#tell({ event: registration === 'registered' ? 'registered' : 'unregistered' });
    if (leg.kind === 'up') this.#tell({ event: this.#unheard === leg.session ? 'device_lost' : 'answered', ucid: leg.ucid });
  }

  /** News for the desk. Lost news is no harm: the service tells the same, later. */
  #tell(body: PhoneNews, keepalive = false) {
    if (!this.tells) return;
    // A leg that names no call is none that the desk could know.
    if ((body.event === 'answered' || body.event === 'ended') && !body.ucid) return;
    void post('/api/phone/events', { ...body, at: Date.now(), page: this.#instance }, { keepalive }).catch(() => {});
  }

  #hear(change: Partial<Voices>) {
    this.#voices = { ...this.#voices, ...change };
    this.#watchers.forEach((watcher) => watcher());
  }

  #is(fact: PhoneFact) {
    const after = next(this.#phone, fact);
    if (after === this.#phone) return;
    this.#phone = after;
    this.#watchers.forEach((watcher) => watcher());
  }
}
