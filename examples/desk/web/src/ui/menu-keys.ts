/** Where a menu is put, and what its keys do: pure. */
export interface Anchor { left: number; right: number; top: number; bottom: number; /** In line with the anchor's end, not its start. */ end: boolean }
interface Size { width: number; height: number }

const GAP = 4;
const EDGE = 8;

/** Below the anchor, or above it where there is no room below; never off the screen. */
export function placed(anchor: Anchor, list: Size, screen: Size): { left: number; top: number } {
  const wished = anchor.end ? anchor.right - list.width : anchor.left;
  const left = Math.max(EDGE, Math.min(wished, screen.width - list.width - EDGE));
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - list.height;
  const top = below + list.height <= screen.height - EDGE || above < EDGE ? Math.min(below, Math.max(EDGE, screen.height - list.height - EDGE)) : above;
  return { left, top };
}

/** Which entry a key goes to, or `null` for a key that is not the menu's. A letter goes to the next entry that begins with it. */
export function entryFor(key: string, at: number, labels: readonly string[]): number | null {
  const n = labels.length;
  if (n === 0) return null;
  if (key === 'ArrowDown') return (at + 1) % n;
  if (key === 'ArrowUp') return at <= 0 ? n - 1 : at - 1;
  if (key === 'Home') return 0;
  if (key === 'End') return n - 1;
  if (key.length !== 1 || key === ' ') return null;
  const letter = key.toLocaleLowerCase();
  for (let step = 1; step <= n; step += 1) {
    const next = (at + step) % n;
    if (labels[next]?.trim().toLocaleLowerCase().startsWith(letter)) return next;
  }
  return null;
}
