// Chromium with softphone pages.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

async function script() {
  const entry = fileURLToPath(new URL('page.mjs', import.meta.url));
  const built = await build({
    entryPoints: [entry], bundle: true, write: false, format: 'iife', platform: 'browser',
    define: { global: 'window' },
  });
  return built.outputFiles[0].text;
}

export class Chromium {
  static async start() {
    const code = await script();
    const server = createServer((request, response) => {
      const isScript = request.url === '/page.js';
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
  async phone(simulator, extension) {
    const context = await this.browser.newContext({ permissions: ['microphone'] });
    // Chromium opens sixteen microphones at most.
    simulator.atEnd(() => context.close());
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(`page ${extension}: ${error.message}`));
    const start = () => page.evaluate(
      ([url, ext]) => window.tests.start(url, ext), [simulator.urls.sip, extension],
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
