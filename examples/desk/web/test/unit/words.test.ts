import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as assist from '../../src/features/assist/words';
import * as english from '../../src/words/en';
import * as hindi from '../../src/words/hi';

type Tree = Record<string, unknown>;

/** Every word with the way to it. */
function leaves(tree: Tree, at = ''): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] => {
    const path = at === '' ? key : `${at}.${key}`;
    return value !== null && typeof value === 'object' ? leaves(value as Tree, path) : [[path, value]];
  });
}

/** What a word says; one that says something of something is given texts that it has to say as well. */
function said(word: unknown): string {
  if (typeof word !== 'function') return String(word);
  return String((word as (...given: string[]) => unknown)(...['7', '9'].slice(0, word.length)));
}

const sources = readdirSync(new URL('../../src', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/words\/(en|hi)|assist\/words|schema/.test(name))
  .map((name) => readFileSync(join(new URL('../../src', import.meta.url).pathname, name), 'utf8')).join('\n');

const all: [string, Tree, Tree][] = [['of the page', english.en, hindi.hi], ['of live assist', assist.en, assist.hi]];

describe.each(all)('words %s', (_, en, hi) => {
  const english = new Map(leaves(en));
  const hindi = new Map(leaves(hi));

  test('are the same keys in both languages, of the same kind', () => {
    expect([...hindi.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [path, word] of english) expect([path, typeof hindi.get(path)]).toEqual([path, typeof word]);
  });

  test('are in the script of their language', () => {
    const without = [...hindi].filter(([, word]) => !/[\u0900-\u097f]/.test(said(word))).map(([path]) => path);
    expect(without).toEqual([]);
    const foreign = [...english].filter(([, word]) => /[\u0900-\u097f]/.test(said(word))).map(([path]) => path);
    expect(foreign).toEqual([]);
  });

  test('say what they are given in both languages', () => {
    for (const [path, word] of english) {
      if (typeof word !== 'function') continue;
      const other = hindi.get(path) as (...given: string[]) => string;
      expect([path, other.length]).toEqual([path, word.length]);
      for (const given of ['7', '9'].slice(0, word.length)) {
        expect([path, said(word).includes(given)]).toEqual([path, true]);
        expect([path, said(other).includes(given)]).toEqual([path, true]);
      }
    }
  });

  test('are all used', () => {
    const groups = Object.entries(en).filter(([, value]) => typeof value === 'object');
    const unused = groups.flatMap(([group, words]) => Object.keys(words as Tree)
      .filter((key) => !new RegExp(`\\.${group}\\.${key}\\b`).test(sources) && !new RegExp(`\\.${group}\\[`).test(sources))
      .map((key) => `${group}.${key}`));
    expect(unused).toEqual([]);
  });
});

test('every reason that the desk gives has words', () => {
  const desk = new URL('../../../src', import.meta.url).pathname;
  const code = (name: string) => readFileSync(join(desk, name), 'utf8').split('#[cfg(test)]')[0] ?? '';
  const all = (text: string, what: RegExp) => [...text.matchAll(what)].map(([, word]) => word ?? '');
  const given = readdirSync(desk, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.rs')).flatMap((name) => all(code(name), /because\("(\w+)"\)/g));
  const can = code('core/can.rs');
  const judged = [...all(can, /\bErr\("(\w+)"\)/g), ...all(can.split('let refusal = match command {')[1]?.split('\n    };')[0] ?? '', /"(\w+)"/g)];
  const booking = all(code('flow/booking.rs').split('fn problem(error: AppointmentError)')[1]?.split(';')[0] ?? '', /"(\w+)"/g);
  expect([given.length > 20, judged.length > 15, booking.length > 3]).toEqual([true, true, true]);
  expect([...new Set([...given, ...judged, ...booking])].filter((word) => !(word in english.en.reason))).toEqual([]);
});
