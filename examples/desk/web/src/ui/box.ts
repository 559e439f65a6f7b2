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
