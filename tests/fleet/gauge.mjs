// What a run costs: processor time, memory, transactions, waits for the disk.
import { readFileSync, readdirSync } from 'node:fs';

const TICKS = 100;
const words = (path) => readFileSync(path, 'utf8');

/** Fields of `/proc/ID/stat` after the name, which may hold anything. */
function stat(id) {
  const text = words(`/proc/${id}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** Seconds of processor time of a process; with `all`, those of its children, living and ended, as well. */
export function spent(id, all = false) {
  const [own, children] = (() => { const f = stat(id); return [Number(f[11]) + Number(f[12]), Number(f[13]) + Number(f[14])]; })();
  if (!all) return own / TICKS;
  let ticks = own + children;
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try { const f = stat(name); if (Number(f[1]) === id) ticks += Number(f[11]) + Number(f[12]); } catch { /* It has ended. */ }
  }
  return ticks / TICKS;
}

/** MiB that a process has in memory. */
export function resident(id) {
  return Number(/VmRSS:\s+(\d+)/.exec(words(`/proc/${id}/status`))[1]) / 1024;
}

/** MiB of a process that are its own, apart from files that are mapped. */
export function anonymous(id) {
  return Number(/RssAnon:\s+(\d+)/.exec(words(`/proc/${id}/status`))[1]) / 1024;
}

/** How often a traced process waited for the disk. */
export const fsyncs = (file) => (words(file).match(/\bf(data)?sync\(/g) ?? []).length;

/** Of what share of the times a time was not exceeded. */
export function quantile(times, share) {
  if (times.length === 0) return null;
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

/** Load of the machine over a minute. */
export const machineLoad = () => words('/proc/loadavg').split(' ')[0];

/** By how much a value grows for one step of the other, by the line that fits best; `null` of too few. */
export function growth(points) {
  if (points.length < 3) return null;
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return spread === 0 ? null : points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread;
}
