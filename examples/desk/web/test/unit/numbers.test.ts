/** Which texts are one telephone number: as everywhere in the project, with its table. */
import { expect, test } from 'vitest';
import table from '../../../../../fixtures/same_number.toml?raw';
import { isSameNumber, lineOf } from '../../src/features/desk/subject';

const PAIR = /\[\[pair\]\]\none = (".*")\nother = (".*")\nsame = (true|false)\nwhy = (".*")/g;
const pairs = [...table.matchAll(PAIR)].map(([, one = '', other = '', same, why]) => ({ one: JSON.parse(one) as string, other: JSON.parse(other) as string, same: same === 'true', why }));
/** What a number is dialled as decides here: a zero in brackets behind the country code is not dialled. */
const isDialledAlike = (text: string) => text.includes('(0)');

test('the table of equal numbers holds', () => {
  expect(pairs.length).toBe(table.split('[[pair]]').length - 1);
  for (const { one, other, same, why } of pairs) {
    const want = same || isDialledAlike(one);
    expect([one, other, why, isSameNumber(one, other), isSameNumber(other, one)]).toEqual([one, other, why, want, want]);
  }
});

test('an Indian number is its ten digits, in whatever form the desk takes it', () => {
  for (const text of ['9000000001', '9000000001.0', '9000000001.00', '+91 90000 00001', '090000 00001', '00919000000001', '+91 (0)90000 00001', '(0)90000 00001', '90000.00001', '\u202A+91\u00A090000\u201100001\u202C', '\t9000000001\n']) {
    expect([text, lineOf(text)]).toEqual([text, '9000000001']);
  }
  for (const text of ['1800 123 4567', '01800 123 4567', '+91 1800 123 4567', '18001234567']) expect([text, lineOf(text)]).toEqual([text, '18001234567']);
});

test('a number of another country is all its digits', () => {
  for (const text of ['+1 201 555 0123', '0012015550123', '12015550123', '+1 (201) 555-0123']) expect([text, lineOf(text)]).toEqual([text, '+12015550123']);
  expect(['+44 (0)20 7946 0018', '0044 20 7946 0018'].map(lineOf)).toEqual(['+442079460018', '+442079460018']);
  expect(['020 1555 0123', '2015550123', '+44 201 555 0123', '+1 800 123 4567'].map(lineOf)).toEqual(['2015550123', '2015550123', '+442015550123', '+18001234567']);
});

test('decimals that say something, and text that is no number, are nobody else’s', () => {
  expect(['9000000001.01', '9000000001.5', '90000.00001.0'].map((text) => isSameNumber(text, '9000000001'))).toEqual([false, false, false]);
  expect(['', 'anonymous', '9000000001x', '9000000001,,5', '*100#', '+', ' - '].map(lineOf)).toEqual(Array(7).fill(''));
});
