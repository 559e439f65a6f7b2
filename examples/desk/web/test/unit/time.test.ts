import { afterEach, describe, expect, test } from 'vitest';
import { dateAndTime, dayOf, inLocale, inZone, momentOf, timeOfDay } from '../../src/words/time';

afterEach(() => { inZone('Asia/Kolkata'); inLocale(undefined); });

describe('times are the account\'s', () => {
  test.each([
    ['+05:30', '2026-11-26T09:30', '2026-11-26T04:00:00Z'],
    ['Asia/Kolkata', '2026-11-26T00:00', '2026-11-25T18:30:00Z'],
    ['America/New_York', '2026-07-01T12:00', '2026-07-01T16:00:00Z'],
    ['America/New_York', '2026-12-01T12:00', '2026-12-01T17:00:00Z'],
    // The clocks went forward at 02:00 on 8 March 2026.
    ['America/New_York', '2026-03-08T01:30', '2026-03-08T06:30:00Z'],
    ['America/New_York', '2026-03-08T03:30', '2026-03-08T07:30:00Z'],
  ])('in %s, %s is %s', (zone, shown, moment) => {
    inZone(zone);
    expect(new Date(momentOf(shown)).toISOString()).toBe(new Date(moment).toISOString());
  });

  test('a moment is shown in the zone, and its day is the zone\'s', () => {
    inZone('+05:30');
    const late = Date.parse('2026-11-25T19:00:00Z');
    expect([timeOfDay(late), dayOf(late)]).toEqual(['00:30', '2026-11-26']);
    inZone('America/New_York');
    expect(dayOf(late)).toBe('2026-11-25');
  });

  test('dates are in the words of the language', () => {
    inZone('+05:30');
    inLocale('hi-IN');
    expect(dateAndTime(Date.parse('2026-11-26T04:00:00Z'))).toContain('नव');
  });
});
