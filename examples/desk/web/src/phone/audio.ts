/** Microphone, loudspeaker and ring: devices are the browser's, the choice is kept in this browser. */
export interface Chosen { input: string; output: string; ring: string }
const KEY = 'desk-devices';

export function chosen(): Chosen {
  try {
    return { input: '', output: '', ring: '', ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Chosen>) };
  } catch { return { input: '', output: '', ring: '' }; }
}

export function choose(change: Partial<Chosen>) {
  localStorage.setItem(KEY, JSON.stringify({ ...chosen(), ...change }));
}

export type Microphone = { state: 'ready'; stream: MediaStream } | { state: 'missing' | 'forbidden' };

/** Asks for the microphone. None and not allowed are different things. */
export async function microphone(): Promise<Microphone> {
  const { input } = chosen();
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const ask = (wish: MediaTrackConstraints) => navigator.mediaDevices.getUserMedia({ audio: wish });
  try {
    // The chosen one, else whichever there is.
    const stream = await (input ? ask({ ...audio, deviceId: { exact: input } }).catch((error: unknown) => {
      if (isForbidden(error)) throw error;
      return ask(audio);
    }) : ask(audio));
    return { state: 'ready', stream };
  } catch (error) {
    return { state: isForbidden(error) ? 'forbidden' : 'missing' };
  }
}

const isForbidden = (error: unknown) => error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'SecurityError');

interface Sinks { setSinkId?(id: string): Promise<void> }

export class Loudspeaker {
  readonly #voice = new Audio();
  #context: AudioContext | null = null;
  #ringing: (() => void) | null = null;

  /** In a click: browsers let a page sound only after one. A voice that was there before is heard from then on. */
  unlock() {
    this.#context ??= new AudioContext();
    void this.#context.resume();
    if (this.#voice.srcObject !== null && this.#voice.paused) void this.#voice.play().catch(() => {});
  }

  /** The chosen loudspeaker, also for the voice that is heard now. */
  useOutput() { void (this.#voice as Sinks).setSinkId?.(chosen().output).catch(() => {}); }

  play(stream: MediaStream) {
    this.#voice.srcObject = stream;
    this.useOutput();
    void this.#voice.play().catch(() => {});
  }

  silence() { this.#voice.srcObject = null; }

  /** Two tones, as telephones in India ring: 0.4 s on, 0.2 off, 0.4 on, 2 off. */
  ring(on: boolean) {
    if (!on) { this.#ringing?.(); this.#ringing = null; return; }
    if (this.#ringing) return;
    this.unlock();
    const burst = () => { this.#tone(400, 0, 0.4); this.#tone(400, 0.6, 0.4); };
    burst();
    const timer = setInterval(burst, 3_000);
    this.#ringing = () => clearInterval(timer);
  }

  /** One second of a tone, on the device that rings. */
  test() {
    this.unlock();
    this.#tone(440, 0, 1);
  }

  #tone(hertz: number, after: number, seconds: number) {
    const context = this.#context;
    if (!context) return;
    const { ring } = chosen();
    void (context as AudioContext & Sinks).setSinkId?.(ring).catch(() => {});
    const tone = context.createOscillator();
    const volume = context.createGain();
    const from = context.currentTime + after;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.16, from + 0.03);
    volume.gain.setValueAtTime(0.16, from + seconds - 0.05);
    volume.gain.linearRampToValueAtTime(0, from + seconds);
    tone.frequency.value = hertz;
    tone.connect(volume).connect(context.destination);
    tone.start(from);
    tone.stop(from + seconds);
  }
}
