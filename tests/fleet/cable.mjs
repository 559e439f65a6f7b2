// A cable between two programs on this machine that can be cut: broken, so that both ends notice, or silent, so that
// neither does.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';

export class Cable {
  /** `to` gives the ports to connect to, in the order to try; the first that can be reached is taken. */
  constructor(name, to) {
    Object.assign(this, { name, to, pairs: new Set(), state: 'whole' });
  }

  async open(port = 0) {
    this.server = createServer((near) => this.#join(near)).listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    return this;
  }

  #join(near) {
    near.on('error', () => {});
    if (this.state === 'broken') {
      near.resetAndDestroy();
      return;
    }
    this.#reach(near, [...this.to()]);
  }

  #reach(near, ports) {
    const port = ports.shift();
    if (port === undefined) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    const refused = () => this.#reach(near, ports);
    far.once('error', refused);
    far.once('connect', () => {
      far.off('error', refused);
      far.on('error', () => {});
      near.setNoDelay(true);
      far.setNoDelay(true);
      const pair = { near, far, port };
      this.pairs.add(pair);
      const over = () => {
        this.pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      near.on('close', over);
      far.on('close', over);
      const pass = (from, into) => from.on('data', (bytes) => {
        // What is said into a silent cable is lost with the connection, as with a cut one.
        if (this.state === 'silent') pair.stuck = true;
        if (pair.stuck) return;
        if (!into.write(bytes)) { from.pause(); into.once('drain', () => from.resume()); }
      });
      pass(near, far);
      pass(far, near);
    });
  }

  /** Ends all connections, or those to one port. */
  drop(port) {
    for (const { near, far, port: own } of [...this.pairs]) {
      if (port !== undefined && own !== port) continue;
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Breaks it, or makes it silent, until `mend`. */
  cut(state) {
    this.state = state;
    if (state === 'broken') this.drop();
  }

  mend() {
    this.state = 'whole';
    // A connection that has lost something is of no use any more.
    for (const { near, far, stuck } of [...this.pairs]) {
      if (!stuck) continue;
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  close() {
    this.server.close();
    this.drop();
  }
}
