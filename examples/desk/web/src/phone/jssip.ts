/** The only place that knows JsSIP. */
import JsSIP from 'jssip';
import type { IncomingRequest } from 'jssip/lib/SIPMessage';
import type { RTCSession } from 'jssip/lib/RTCSession';

export interface SipSettings {
  url: string;
  uri: string;
  password: string;
  displayName?: string;
  iceServers: RTCIceServer[];
  instanceId: string;
}

export interface Invitation {
  id: string;
  /** Headers of the INVITE that say which call this is, as received. */
  headers: Record<string, string>;
  from: string | null;
  answer(microphone: MediaStream): void;
  decline(): void;
  busy(): void;
}

export interface SipListener {
  connecting(): void;
  registered(): void;
  unregistered(): void;
  refused(cause: string): void;
  invited(invitation: Invitation): void;
  up(id: string): void;
  ended(id: string, cause: string, byUs: boolean): void;
  track(id: string, stream: MediaStream): void;
}

/** A REGISTER that failed is sent again after this time, each next one after twice as long. */
const AGAIN_MS = 5_000;
const LONGEST_AGAIN_MS = 60_000;
/** It was refused for who asks: the same again is refused again, and too often may lock the account. */
const FINAL = new Set([401, 403, 407]);

/** How long a new network is waited for. */
const REGISTERED_WITHIN_MS = 10_000;

const HEADERS = ['X-UCID', 'X-CALLERNO', 'X-DID', 'X-ACCOUNT', 'X-UUI', 'User-to-User', 'X-Twilio-CallSid', 'Call-ID'];

/** A registration that is made again whenever the network comes back. */
export class Sip {
  readonly #ua: JsSIP.UA;
  readonly #sessions = new Map<string, RTCSession>();
  /** Whether it is being told that a REGISTER failed. */
  #isRefused = false;
  #wait = AGAIN_MS;
  #again: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly settings: SipSettings, private readonly listener: SipListener) {
    this.#ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(settings.url)],
      uri: settings.uri,
      password: settings.password,
      instance_id: settings.instanceId,
      session_timers: false,
      register_expires: 120,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 10,
      ...(settings.displayName === undefined ? {} : { display_name: settings.displayName }),
    });
    this.#ua.on('connecting', () => listener.connecting());
    this.#ua.on('registered', () => {
      this.#wait = AGAIN_MS;
      this.#forget();
      listener.registered();
    });
    // One that failed has been told of as refused.
    this.#ua.on('unregistered', () => { if (!this.#isRefused) listener.unregistered(); });
    this.#ua.on('disconnected', () => listener.connecting());
    this.#ua.on('registrationFailed', ({ cause, response }: { cause?: string; response?: { status_code: number } | null }) => {
      this.#isRefused = true;
      queueMicrotask(() => { this.#isRefused = false; });
      listener.refused(cause ?? '');
      if (!FINAL.has(response?.status_code ?? 0)) this.#registerLater();
    });
    this.#ua.on('newRTCSession', (event: { originator: string; session: RTCSession; request: unknown }) => {
      if (event.originator === 'remote') this.#rings(event.session, event.request as IncomingRequest);
    });
  }

  start() { this.#ua.start(); }

  /** Ends sessions and the registration. */
  stop() {
    this.#forget();
    this.#ua.stop();
  }

  /** Takes the contact away before the page goes, so that the next INVITE finds another one. */
  leave() {
    this.#forget();
    this.#ua.unregister();
  }

  /** Without a socket nothing is sent: a new one registers by itself. */
  register() {
    this.#forget();
    if (this.#ua.isConnected() && !this.#ua.isRegistered()) this.#ua.register();
  }

  /** As long as its socket is up, the stack never sends a REGISTER again that failed. */
  #registerLater() {
    this.#forget();
    this.#again = setTimeout(() => this.register(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_AGAIN_MS);
  }

  #forget() {
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
  }

  hangUp(id: string) {
    const session = this.#sessions.get(id);
    if (session && !session.isEnded()) session.terminate();
  }

  mute(id: string, on: boolean) {
    const session = this.#sessions.get(id);
    if (!session) return;
    if (on) session.mute({ audio: true }); else session.unmute({ audio: true });
  }

  press(id: string, tones: string) {
    this.#sessions.get(id)?.sendDTMF(tones, { duration: 120, interToneGap: 80 });
  }

  /** Another microphone for a session; answers whether it has it now. One that is being answered may have no sender yet. */
  async microphone(id: string, stream: MediaStream): Promise<boolean> {
    const session = this.#sessions.get(id);
    const sender = session?.connection?.getSenders().find(({ track }) => track?.kind === 'audio');
    const [track] = stream.getAudioTracks();
    if (!sender || !track) return false;
    // Who was muted stays so.
    track.enabled = session?.isMuted().audio !== true;
    await sender.replaceTrack(track);
    return true;
  }

  /**
   * Another network: the old socket may be dead without a word of it. A new one, and once that is registered, new
   * candidates for the session that is up.
   */
  async networkChanged(id: string | null): Promise<void> {
    const registered = new Promise<boolean>((resolve) => {
      this.#ua.once('registered', () => resolve(true));
      setTimeout(() => resolve(false), REGISTERED_WITHIN_MS);
    });
    const { transport } = this.#ua as unknown as { transport: { connect(): void; disconnect(): void } };
    transport.disconnect();
    transport.connect();
    if (await registered && id !== null) await this.#restartIce(id);
  }

  /** A re-INVITE with new candidates. */
  #restartIce(id: string): Promise<boolean> {
    const session = this.#sessions.get(id);
    if (!session) return Promise.resolve(false);
    return new Promise((resolve) => {
      const asked = session.renegotiate({ rtcOfferConstraints: { iceRestart: true } }, () => resolve(true));
      if (!asked) resolve(false);
    });
  }

  #rings(session: RTCSession, request: IncomingRequest) {
    const { id } = session;
    this.#sessions.set(id, session);
    const headers: Record<string, string> = {};
    for (const name of HEADERS) {
      const value = request.getHeader(name);
      if (value !== undefined && value !== null) headers[name] = value;
    }
    let byUs = false;
    const over = (cause: string) => {
      this.#sessions.delete(id);
      this.listener.ended(id, cause, byUs);
    };
    session.on('confirmed', () => this.listener.up(id));
    session.on('ended', ({ cause, originator }) => { byUs ||= originator === 'local'; over(cause); });
    session.on('failed', ({ cause, originator }) => { byUs ||= originator === 'local'; over(cause); });
    session.on('peerconnection', ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
      peerconnection.addEventListener('track', ({ streams, track }) => {
        this.listener.track(id, streams[0] ?? new MediaStream([track]));
      });
    });
    const end = (status: number) => {
      byUs = true;
      if (!session.isEnded()) session.terminate({ status_code: status });
    };
    this.listener.invited({
      id, headers,
      from: request.from?.uri?.user ?? null,
      answer: (mediaStream) => session.answer({
        mediaStream, mediaConstraints: { audio: true, video: false },
        pcConfig: { iceServers: this.settings.iceServers },
      }),
      decline: () => end(603),
      busy: () => end(486),
    });
  }
}
