/** Where a window is: pure. */
export interface Box { x: number; y: number; width: number; height: number }
interface Size { width: number; height: number }

const LEAST = { width: 280, height: 180 };
const between = (n: number, low: number, high: number) => Math.min(Math.max(n, low), Math.max(low, high));

export function clamped(box: Box, screen: Size): Box {
  const width = between(box.width, Math.min(LEAST.width, screen.width), screen.width);
  const height = between(box.height, Math.min(LEAST.height, screen.height), screen.height);
  return { width, height, x: between(box.x, 0, screen.width - width), y: between(box.y, 0, screen.height - height) };
}

export const moved = (box: Box, dx: number, dy: number, screen: Size) => clamped({ ...box, x: box.x + dx, y: box.y + dy }, screen);

export function sized(box: Box, dx: number, dy: number, screen: Size): Box {
  const width = between(box.width + dx, LEAST.width, screen.width - box.x);
  const height = between(box.height + dy, LEAST.height, screen.height - box.y);
  return clamped({ ...box, width, height }, screen);
}

const GAP = 8;
interface Rect { left: number; top: number; right: number; bottom: number }

/** Where a window goes that covers what has the focus: the nearest place beside it; `null` if it covers nothing of it. */
export function aside(box: Box, focus: Rect, screen: Size): Box | null {
  const clear = ({ x, y, width, height }: Box) => x >= focus.right + GAP || x + width <= focus.left - GAP || y >= focus.bottom + GAP || y + height <= focus.top - GAP;
  if (clear(box)) return null;
  const places = [
    { ...box, x: focus.right + GAP }, { ...box, x: focus.left - GAP - box.width },
    { ...box, y: focus.bottom + GAP }, { ...box, y: focus.top - GAP - box.height },
  ].filter(({ x, y, width, height }) => x >= 0 && y >= 0 && x + width <= screen.width && y + height <= screen.height && clear({ x, y, width, height }));
  const far = ({ x, y }: Box) => Math.abs(x - box.x) + Math.abs(y - box.y);
  return places.sort((a, b) => far(a) - far(b))[0] ?? null;
}
