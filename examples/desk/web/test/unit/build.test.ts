import { describe, expect, test } from 'vitest';
import { firstScript } from '../../src/live/build';
import { NotLoaded, twice } from '../../src/ui/lazily';

describe('which page the desk serves', () => {
  const html = (name: string) => `<!doctype html><html><head><link rel="modulepreload" href="/x.css"><script type="module" crossorigin src="${name}"></script></head></html>`;
  test('is said by the name of its first script', () => {
    expect([html('/assets/index-2TIB8Yxq.js'), html('/assets/index-other_1.js'), '<script src="https://desk.example/assets/index-a.js">'].map(firstScript)).toEqual(['/assets/index-2TIB8Yxq.js', '/assets/index-other_1.js', '/assets/index-a.js']);
  });
  test('is not known of a page that is not built, or of another answer', () => {
    expect([html('/src/main.tsx'), '<title>Bad gateway</title>', ''].map(firstScript)).toEqual([null, null, null]);
  });
});

describe('a part of the page', () => {
  test('that the network lost once is there all the same', async () => {
    let tries = 0;
    const load = () => { tries += 1; return tries === 1 ? Promise.reject(new TypeError('lost')) : Promise.resolve('part'); };
    expect([await twice(load, 1), tries]).toEqual(['part', 2]);
  });
  test('that does not come is told as such', async () => {
    await expect(twice(() => Promise.reject(new TypeError('gone')), 1)).rejects.toBeInstanceOf(NotLoaded);
  });
});
