// Chromium with softphone pages.
import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { WASM } from './package.mjs';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

/** Stands in for the npm package where it is not built: then no test asks for it. */
const NOT_BUILT = {
  name: 'not built',
  setup(building) {
    if (existsSync(WASM)) return;
    building.onResolve({ filter: /softphone-js\/npm/ }, ({ path }) => ({ path, namespace: 'not-built' }));
    building.onLoad({ filter: /.*/, namespace: 'not-built' }, () => ({ contents: 'export default undefined;' }));
  },
};

async function script() {
  const entry = fileURLToPath(new URL('page.mjs', import.meta.url));
  const built = await build({
    entryPoints: [entry], bundle: true, write: false, format: 'iife', platform: 'browser',
    define: { global: 'window', 'import.meta.url': 'location.href' }, plugins: [NOT_BUILT],
  });
  return built.outputFiles[0].text;
}

export class Chromium {
  static async start() {
    const code = await script();
    const server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
      if (request.url === '/softphone.wasm') {
        response.setHeader('content-type', 'application/wasm');
        createReadStream(WASM).pipe(response);
        return;
      }
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? code : '<!doctype html><title>phone</title><script src="/page.js"></script>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: FLAGS, headless: true });
    return new Chromium(server, browser);
  }

  constructor(server, browser) {
    Object.assign(this, { server, browser });
  }

  /** A softphone in a browser profile of its own, registered. */
  async phone(simulator, extension, setting) {
    const context = await this.browser.newContext({ permissions: ['microphone'] });
    // Chromium opens sixteen microphones at most.
    simulator.atEnd(() => context.close());
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(`page ${extension}: ${error.message}`));
    const start = () => page.evaluate(
      (given) => window.tests.start(...given), [simulator.urls.sip, extension, setting],
    );
    await page.goto(`http://127.0.0.1:${this.server.address().port}/`);
    await start();
    const call = (name) => (...args) =>
      page.evaluate(([n, a]) => window.tests[n](...a), [name, args]);
    const names = ['view', 'dialled', 'answer', 'hangUp', 'hold', 'press', 'breaks', 'heard'];
    /** Loads the page again: another softphone, registered. */
    const reload = async () => {
      await page.reload();
      await start();
    };
    return { context, reload, ...Object.fromEntries(names.map((name) => [name, call(name)])) };
  }

  async stop() {
    await this.browser.close();
    this.server.close();
  }
}
