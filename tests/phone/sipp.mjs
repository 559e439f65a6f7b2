// sipp from Debian as a telephone. It speaks SIP over TCP, the simulator over a WebSocket: the wire between them turns
// messages into frames and back, and changes none.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import WebSocket from 'ws';
import { start, until } from './simulator.mjs';

const scenario = (name) => fileURLToPath(new URL(`sipp/${name}.xml`, import.meta.url));

/** Cuts a stream into messages by their Content-Length. */
function* messages(stream) {
  for (;;) {
    while (stream.bytes.subarray(0, 2).equals(Buffer.from('\r\n'))) stream.bytes = stream.bytes.subarray(2);
    const head = stream.bytes.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = /^content-length *: *(\d+)/im.exec(stream.bytes.toString('latin1', 0, head));
    const size = head + 4 + Number(length[1]);
    if (stream.bytes.length < size) return;
    yield stream.bytes.subarray(0, size);
    stream.bytes = stream.bytes.subarray(size);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export class Sipp {
  static async connect(url) {
    const socket = new WebSocket(url, 'sip');
    await once(socket, 'open');
    return new Sipp(socket);
  }

  constructor(socket) {
    this.socket = socket;
    this.waiting = [];
    socket.on('message', (message) => {
      if (this.tcp) this.tcp.write(message);
      else this.waiting.push(message);
    });
  }

  #join(tcp) {
    const stream = { bytes: Buffer.alloc(0) };
    tcp.on('data', (data) => {
      stream.bytes = Buffer.concat([stream.bytes, data]);
      for (const message of messages(stream)) this.socket.send(message.toString());
    });
    tcp.on('error', () => {});
    this.tcp = tcp;
    this.waiting.splice(0).forEach((message) => tcp.write(message));
  }

  async #run(name, ...args) {
    const child = start('sipp', [
      '-sf', scenario(name), '-t', 't1', '-i', '127.0.0.1', '-m', '1', '-nostdin',
      '-timeout', '30s', '-timeout_error', '-s', '500001', ...args,
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data) => { said += data; });
    const [code] = await once(child, 'exit');
    this.tcp?.destroy();
    this.tcp = null;
    if (code !== 0) throw new Error(`sipp ${name}: ${code}\n${said}`);
  }

  /** sipp begins. */
  async asks(name, password) {
    const server = createServer((tcp) => this.#join(tcp)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await this.#run(name, '-au', '500001', '-ap', password, `127.0.0.1:${server.address().port}`);
    } finally {
      server.close();
    }
  }

  /** The simulator begins. Resolves when sipp listens; what comes of the call is in `ended`. */
  async answers(name) {
    const port = await freePort();
    const ended = this.#run(name, '-p', String(port));
    // A scenario that fails early is told by whoever awaits it.
    ended.catch(() => {});
    await until('sipp listens', () => new Promise((resolve) => {
      const tcp = connect(port, '127.0.0.1');
      tcp.once('error', () => resolve(false));
      tcp.once('connect', () => { this.#join(tcp); resolve(true); });
    }));
    return { ended };
  }
}
