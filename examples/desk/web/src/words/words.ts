import { createContext, useContext } from 'react';
import { en, type Words } from './en';

export type { Words };
export type Language = 'en' | 'hi';
const KEY = 'desk-language';

export function language(): Language {
  return localStorage.getItem(KEY) === 'hi' ? 'hi' : 'en';
}

/** Another language is loaded only where it is chosen. */
export async function wordsOf(chosen: Language): Promise<Words> {
  return chosen === 'hi' ? (await import('./hi')).hi : en;
}

export function keepLanguage(chosen: Language) {
  localStorage.setItem(KEY, chosen);
}

/** An outcome in words; one that nobody translated as it came. */
export const outcomeIn = (words: Words, outcome: string) => words.outcomes[outcome] ?? outcome.replaceAll('_', ' ');

export const WordsContext = createContext<Words>(en);
export const useWords = () => useContext(WordsContext);
