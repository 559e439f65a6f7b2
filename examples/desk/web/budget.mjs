// What each page may weigh, in kB gzip: fails the build above it.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const budget = JSON.parse(readFileSync('budget.json', 'utf8'));
const manifest = JSON.parse(readFileSync('dist/.manifest.json', 'utf8'));

/** A chunk with all that it imports at once, and its styles. */
function files(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) files(next, seen);
  return seen;
}
const weight = (keys) => [...keys].flatMap((key) => [manifest[key].file, ...(manifest[key].css ?? [])])
  .reduce((sum, file) => sum + gzipSync(readFileSync(`dist/${file}`)).length / 1000, 0);
const all = (...keys) => keys.reduce((seen, key) => files(key, seen), new Set());

const entry = 'index.html';
const desk = 'src/features/desk/Desk.tsx';
const frame = 'src/features/shell/Pages.tsx';
const phone = 'src/phone/jssip.ts';
const chart = 'src/features/performance/Chart.tsx';
const first = all(entry);
const only = (keys, without) => new Set([...keys].filter((key) => !without.has(key)));
const assist = 'src/features/assist/index.ts';
const whole = all(entry, frame, desk, phone);
const measured = {
  'sign-in': weight(first),
  'call desk': weight(whole),
  performance: weight(only(all(chart), first)),
  'live assist': weight(only(all(assist), whole)),
};
// Where the desk has no live assist, nothing of it is loaded.
let over = Object.keys(manifest).some((key) => key !== assist && files(key).has(assist));
if (over) console.log('live assist is in a chunk that is loaded without it');
for (const [page, kb] of Object.entries(measured)) {
  const limit = budget[page];
  over ||= kb > limit;
  console.log(`${page.padEnd(12)} ${kb.toFixed(1).padStart(6)} kB of ${limit}${kb > limit ? '  TOO MUCH' : ''}`);
}
if (over) process.exitCode = 1;
