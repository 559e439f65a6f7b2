// What live assist asks of others, made up: a speech provider that speaks Deepgram's documented frames and an
// OpenAI-compatible chat. Both do what a story tells them, dying included, and keep what they were sent.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];
const RATE = 16_000;
/** Louder than this is a voice; so many blocks of 100 ms without one end a sentence. */
const LOUD = 0.01;
const QUIET_BLOCKS = 4;

/** A frame of a WebSocket server, in one piece. */
function framed(kind, body) {
  const bytes = Buffer.from(body);
  const long = bytes.length > 65_535 ? 10 : bytes.length > 125 ? 4 : 2;
  const head = Buffer.alloc(long);
  head[0] = 0x80 | kind;
  if (long === 2) head[1] = bytes.length;
  else if (long === 4) { head[1] = 126; head.writeUInt16BE(bytes.length, 2); } else { head[1] = 127; head.writeBigUInt64BE(BigInt(bytes.length), 2); }
  return Buffer.concat([head, bytes]);
}

/** The whole frames at the beginning of `bytes`, and what is left. */
function* frames(bytes) {
  let at = 0;
  while (bytes.length - at >= 2) {
    let length = bytes[at + 1] & 0x7f;
    let head = 2;
    if (length === 126) { if (bytes.length - at < 4) break; length = bytes.readUInt16BE(at + 2); head = 4; }
    else if (length === 127) { if (bytes.length - at < 10) break; length = Number(bytes.readBigUInt64BE(at + 2)); head = 10; }
    const masked = (bytes[at + 1] & 0x80) !== 0;
    const from = at + head + (masked ? 4 : 0);
    if (bytes.length < from + length) break;
    const body = Buffer.from(bytes.subarray(from, from + length));
    if (masked) for (let n = 0; n < length; n += 1) body[n] ^= bytes[from - 4 + (n & 3)];
    yield { kind: bytes[at] & 0x0f, body };
    at = from + length;
  }
  yield { kind: -1, body: bytes.subarray(at) };
}

/** One stream of audio, of one speaker, and what it answers to it. */
class Stream {
  /** Blocks of samples with the time at which they came. */
  blocks = [];
  texts = [];
  closed = false;
  #rest = Buffer.alloc(0);
  #voice = { since: null, quiet: 0, samples: 0, line: null };

  constructor(socket, query, speech) {
    Object.assign(this, { socket, query, speech, began: Date.now() });
    // Deepgram gives back what it is given as extra; the desk gives it the speaker.
    this.speaker = query.getAll('extra').map((extra) => /^speaker:(\w+)$/.exec(extra)?.[1]).find(Boolean);
    socket.on('data', (data) => this.#arrived(data));
    socket.on('close', () => { this.closed = true; });
    socket.on('error', () => {});
  }

  say(message) { if (!this.closed) this.socket.write(framed(TEXT, JSON.stringify(message))); }
  garbage(text) { if (!this.closed) this.socket.write(framed(TEXT, text)); }
  break() { this.socket.destroy(); }

  #arrived(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (const { kind, body } of frames(this.#rest)) {
      if (kind === -1) this.#rest = Buffer.from(body);
      else if (kind === BINARY) this.#audio(body);
      else if (kind === TEXT) this.texts.push(JSON.parse(body.toString()));
      else if (kind === PING) this.socket.write(framed(PONG, body));
      else if (kind === CLOSE) { this.socket.end(framed(CLOSE, body)); return; }
    }
  }

  #audio(body) {
    const at = Date.now();
    const samples = new Int16Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
    this.blocks.push({ at, samples });
    this.#listen(samples);
  }

  /** Says the next line of the speaker's script whenever a voice begins and ends. */
  #listen(samples) {
    const voice = this.#voice;
    const loud = Math.sqrt(samples.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / samples.length) > LOUD;
    voice.samples += samples.length;
    voice.quiet = loud ? 0 : voice.quiet + 1;
    if (loud && voice.since === null) {
      voice.since = (voice.samples - samples.length) / RATE;
      voice.line = this.speech.next(this.speaker);
      if (voice.line) this.#result(voice.line.split(' ').slice(0, 2).join(' '), voice.since, false);
    } else if (voice.since !== null && voice.quiet >= QUIET_BLOCKS) {
      if (voice.line) this.#result(voice.line, voice.since, true);
      voice.since = null;
    }
  }

  #result(transcript, start, final) {
    const duration = this.#voice.samples / RATE - start;
    const spoken = transcript.split(' ');
    const words = spoken.map((word, n) => ({ word: word.toLowerCase().replaceAll(/[.,?]/g, ''), punctuated_word: word, start: start + n * duration / spoken.length, end: start + (n + 1) * duration / spoken.length, confidence: 0.99 }));
    const say = () => this.say({ type: 'Results', channel_index: [0, 1], duration, start, is_final: final, speech_final: final, channel: { alternatives: [{ transcript, confidence: 0.99, words }] } });
    if (this.speech.slowMs > 0) setTimeout(say, this.speech.slowMs); else say();
  }
}

/** The speech provider. `script` has the lines of each speaker. */
export class Speech {
  streams = [];
  /** Nothing can be reached. */
  down = false;
  slowMs = 0;
  #said = { customer: 0, agent: 0 };

  static async start(script) {
    const speech = new Speech();
    speech.script = script;
    speech.server = createServer((_, response) => response.writeHead(404).end());
    speech.server.on('upgrade', (request, socket) => speech.#upgrade(request, socket));
    speech.server.listen(0, '127.0.0.1');
    await once(speech.server, 'listening');
    return speech;
  }

  get url() { return `ws://127.0.0.1:${this.server.address().port}`; }

  next(speaker) {
    const line = this.script[speaker]?.[this.#said[speaker]];
    if (line !== undefined) this.#said[speaker] += 1;
    return line ?? null;
  }

  /** What came of a speaker over all streams: the samples, and when the last one of each block came. */
  heard(speaker) {
    const blocks = this.streams.flatMap((stream) => (stream.speaker === speaker ? stream.blocks : []));
    return { get samples() { return Float32Array.from(blocks.flatMap(({ samples }) => [...samples]), (sample) => sample / 32_768); }, blocks };
  }

  get count() { return this.streams.reduce((sum, { blocks }) => sum + blocks.length, 0); }

  /** What was on its way when something was switched off has come. */
  async settled() {
    for (let [before, since] = [-1, 0]; since < 4; since = before === this.count ? since + 1 : 0) {
      before = this.count;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }

  die() {
    this.down = true;
    this.streams.forEach((stream) => stream.break());
  }

  stop() {
    this.streams.forEach((stream) => stream.break());
    this.server.close();
    this.server.closeAllConnections();
  }

  #upgrade(request, socket) {
    if (this.down) { socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n'); return; }
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.setNoDelay(true);
    const stream = new Stream(socket, new URL(request.url, 'http://127.0.0.1').searchParams, this);
    stream.authorization = request.headers.authorization ?? null;
    this.streams.push(stream);
  }
}

/** The chat. `answer` makes the text of a request's messages; `null` is no answer at all. */
export class Chat {
  requests = [];

  static async start(answer) {
    const chat = new Chat();
    chat.server = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      const asked = JSON.parse(body || '{}');
      chat.requests.push(asked);
      const text = answer(asked);
      if (text === null) return;
      if (!asked.stream) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }], usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 } }));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const part of text.split(/(?<= )/)) response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: part } }] })}\n\n`);
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`);
      response.end('data: [DONE]\n\n');
    });
    chat.server.listen(0, '127.0.0.1');
    await once(chat.server, 'listening');
    return chat;
  }

  get url() { return `http://127.0.0.1:${this.server.address().port}/v1`; }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}
