// Where the npm package's WebAssembly is, once it is built.
export const WASM = new URL('../../softphone-js/npm/index_bg.wasm', import.meta.url);
