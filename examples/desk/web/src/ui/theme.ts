/** Light or dark: as chosen here, else as the computer is set. */
export type Theme = 'light' | 'dark';
const KEY = 'desk-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === 'light' || kept === 'dark') return kept;
  return dark.matches ? 'dark' : 'light';
}

export function applyTheme() {
  const set = () => { document.documentElement.dataset['theme'] = theme(); dispatchEvent(new Event('desk-theme')); };
  set();
  dark.addEventListener('change', set);
}

export function chooseTheme(next: Theme) {
  localStorage.setItem(KEY, next);
  document.documentElement.dataset['theme'] = next;
  dispatchEvent(new Event('desk-theme'));
}
