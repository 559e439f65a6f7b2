// Node has the file at hand: nothing is to be awaited, and the default export resolves at once.
import { readFileSync } from 'node:fs';
import { initSync } from './index.js';

const ready = initSync({ module: readFileSync(new URL('./index_bg.wasm', import.meta.url)) });

export * from './index.js';
export default async () => ready;
