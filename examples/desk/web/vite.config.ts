import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// `npm run dev` talks to a desk on its usual port; cookies need the same origin, hence the proxy.
const desk = process.env.DESK_URL ?? 'http://127.0.0.1:8080';
const proxied = Object.fromEntries(
  ['/api', '/openapi.json', '/docs', '/healthz', '/readyz'].map((path) => [path, { target: desk, ws: true }]),
);

export default defineConfig({
  plugins: [react()],
  server: { proxy: proxied },
  build: {
    target: 'es2023',
    manifest: '.manifest.json',
    chunkSizeWarningLimit: 700,
  },
  define: { global: 'globalThis' },
});
