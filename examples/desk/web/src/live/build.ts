/** Whether the desk serves a newer page than this one, whose parts it may have no longer. */
/** The first script of a page: its name changes with its content, and with that of all it loads. */
export const firstScript = (html: string): string | null => /["'](?:[^"']*)(\/assets\/[^"'/]+\.js)["']/.exec(html)?.[1] ?? null;

let outdated = false;
const watchers = new Set<() => void>();
export const watchUpgrade = (watcher: () => void) => {
  watchers.add(watcher);
  return () => { watchers.delete(watcher); };
};

/** Asks the desk which page it serves. One that does not answer says nothing. */
export async function askForUpgrade(): Promise<boolean> {
  const own = firstScript([...document.scripts].map(({ outerHTML }) => outerHTML).join());
  if (outdated || own === null) return outdated;
  try {
    const response = await fetch('/', { headers: { accept: 'text/html' } });
    const served = response.ok ? firstScript(await response.text()) : null;
    outdated = served !== null && served !== own;
  } catch { return false; }
  if (outdated) watchers.forEach((watcher) => watcher());
  return outdated;
}

export const isOutdated = () => outdated;

const RELOADED = 'desk-reloaded';
const NOT_WITHIN_MS = 60_000;

/** Loads the page anew by itself, but not over and over. */
export function reloadOnce() {
  const last = Number(sessionStorage.getItem(RELOADED));
  if (Date.now() - last < NOT_WITHIN_MS) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}
