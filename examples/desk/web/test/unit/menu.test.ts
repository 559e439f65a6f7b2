import { describe, expect, test } from 'vitest';
import { entryFor, placed } from '../../src/ui/menu-keys';

const screen = { width: 1000, height: 600 };
const list = { width: 200, height: 160 };
const at = (left: number, top: number, end = false) => ({ left, right: left + 80, top, bottom: top + 36, end });

describe('where a menu is put', () => {
  test('below its button, in line with its end', () => expect(placed(at(500, 100, true), list, screen)).toEqual({ left: 380, top: 140 }));
  test('below a pointer, in line with its start', () => expect(placed(at(500, 100), list, screen)).toEqual({ left: 500, top: 140 }));
  test('above where there is no room below', () => expect(placed(at(500, 540), list, screen)).toEqual({ left: 500, top: 376 }));
  test('never off the screen', () => {
    expect(placed(at(960, 100), list, screen).left).toBe(792);
    expect(placed(at(10, 100, true), list, screen).left).toBe(8);
    expect(placed(at(10, 200), { width: 200, height: 580 }, screen).top).toBe(12);
  });
});

describe('the keys of a menu', () => {
  const labels = ['Ready', 'Lunch', 'Break', 'lecture'];
  test('arrows go round', () => {
    expect(entryFor('ArrowDown', 3, labels)).toBe(0);
    expect(entryFor('ArrowUp', 0, labels)).toBe(3);
    expect(entryFor('ArrowUp', -1, labels)).toBe(3);
    expect(entryFor('ArrowDown', -1, labels)).toBe(0);
  });
  test('a letter goes to the next entry that begins with it, whatever its case', () => {
    expect(entryFor('l', 0, labels)).toBe(1);
    expect(entryFor('L', 1, labels)).toBe(3);
    expect(entryFor('l', 3, labels)).toBe(1);
    expect(entryFor('x', 0, labels)).toBeNull();
  });
  test('other keys are not the menu\'s', () => {
    expect(entryFor('Enter', 0, labels)).toBeNull();
    expect(entryFor(' ', 0, labels)).toBeNull();
    expect(entryFor('ArrowDown', 0, [])).toBeNull();
  });
});
