import { expect, test } from 'vitest';
import { PAUSE_MS, SEEN_MS, enterSends, isByHand, meant } from '../../src/features/disposition/quiet';

test('keys that come one after another as a form appears are not meant for it, those after a pause are', () => {
  const heeds = meant(1_000);
  const typed = [1_100, 1_300, 1_500, 1_700, 1_950].map(heeds);
  expect(typed).toEqual([false, false, false, false, false]);
  expect([heeds(1_950 + PAUSE_MS), heeds(1_950 + PAUSE_MS + 10)]).toEqual([true, true]);
});

test('the first key is, where nobody had typed and the form could be seen', () => {
  const [early, late] = [meant(1_000), meant(1_000)];
  expect([early(999 + SEEN_MS), late(1_000 + SEEN_MS), late(1_001 + SEEN_MS)]).toEqual([false, true, true]);
});

test('a suggestion is not sent by an Enter that follows a key which may have been another choice', () => {
  expect([enterSends(null, true), enterSends(null, false), enterSends('FOLLOW_UP', true)]).toEqual([false, true, true]);
});

test('a click on Save is one also where the browser leaves the focus elsewhere, and Enter in a field is none', () => {
  const [save, field] = [{}, {}];
  expect([isByHand(1, save, field), isByHand(0, save, save), isByHand(0, save, field), isByHand(0, save, null)]).toEqual([true, true, false, false]);
});
