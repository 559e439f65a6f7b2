// What is true of the page in every state: axe finds nothing in either theme, everything that is pressed can be hit, and
// what has the focus can be seen.
import assert from 'node:assert/strict';
import { findings } from './axe.mjs';

/** WCAG 2.2, 2.5.8. */
const LEAST = 24;

/** Runs in the page: what is too small to hit, and has something else within the circle that it should fill. */
function small(least) {
  const all = [...document.querySelectorAll('button, a[href], input, select, textarea, [role=tab], [role=menuitem]')].filter((element) => {
    const { position, top } = getComputedStyle(element);
    return element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !element.closest('label:has(.only-read)') && !(position === 'absolute' && top === '-60px');
  });
  // The label of a choice is pressed, not the mark in it.
  const targets = all.map((element) => (['radio', 'checkbox'].includes(element.type) ? element.closest('label') ?? element : element).getBoundingClientRect());
  return all.flatMap((element, n) => {
    const { width, height, left, top } = targets[n];
    if (width >= least && height >= least) return [];
    const [x, y] = [left + width / 2, top + height / 2];
    const near = targets.some((other, m) => m !== n && Math.hypot(x - Math.min(Math.max(x, other.left), other.right), y - Math.min(Math.max(y, other.top), other.bottom)) < least / 2);
    return !near ? [] : [`${element.tagName} "${(element.getAttribute('aria-label') ?? element.textContent).trim().slice(0, 40)}" ${Math.round(width)}x${Math.round(height)}`];
  });
}

/** Runs in the page: what nobody sees although it has the focus. */
async function covered() {
  const drawn = () => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); });
  const before = document.activeElement;
  const all = document.querySelectorAll('button, a[href], input, select, textarea, [tabindex]');
  const found = [];
  for (const element of all) {
    if (element.tabIndex < 0 || !element.checkVisibility({ visibilityProperty: true })) continue;
    element.focus();
    if (document.activeElement !== element) continue;
    await drawn();
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const points = [[(left + right) / 2, (top + bottom) / 2], [left + 3, top + 3], [right - 3, top + 3], [left + 3, bottom - 3], [right - 3, bottom - 3]];
    const seen = points.some(([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return top !== null && (element.contains(top) || top.contains(element) && !top.matches('html, body, #root, .shell, main'));
    });
    if (!seen) found.push(`${element.tagName} "${(element.getAttribute('aria-label') ?? element.textContent).trim().slice(0, 40)}"`);
  }
  if (before instanceof HTMLElement) before.focus();
  return found;
}

/** Everything that has to be true of a state. The context of the page has to bypass its content policy. */
export async function look({ page }, what, { focus = true } = {}) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual([what, colorScheme, await findings(page)], [what, colorScheme, []]);
  }
  assert.deepEqual([what, 'too small to hit', await page.evaluate(small, LEAST)], [what, 'too small to hit', []]);
  // From here on the focus is the keyboard's.
  if (focus) await page.keyboard.press('Tab');
  if (focus) assert.deepEqual([what, 'covered', await page.evaluate(covered)], [what, 'covered', []]);
  await page.emulateMedia({ colorScheme: 'light' });
}
