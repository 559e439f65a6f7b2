import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { cache } from './app';
import { Shell } from './features/shell/Shell';
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';
import './features/shell/shell.css';
import { Toasts } from './ui/toasts';
import { en } from './words/en';
import { inLocale } from './words/time';
import { WordsContext, language, wordsOf } from './words/words';
import { applyTheme } from './ui/theme';

applyTheme();

function Root() {
  const [words, setWords] = useState(en);
  useEffect(() => {
    const change = () => void wordsOf(language()).then((next) => {
      document.documentElement.lang = language();
      inLocale(language() === 'hi' ? 'hi-IN' : undefined);
      setWords(next);
    });
    change();
    addEventListener('desk-language', change);
    return () => removeEventListener('desk-language', change);
  }, []);
  return (
    <WordsContext value={words}>
      <QueryClientProvider client={cache}>
        <Shell />
        <Toasts />
      </QueryClientProvider>
    </WordsContext>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<StrictMode><Root /></StrictMode>);
