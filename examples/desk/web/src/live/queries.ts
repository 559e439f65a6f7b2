/** What the page has asked for, and how it asks. */
import { QueryClient } from '@tanstack/react-query';
import { Problem } from '../api/problem';

export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (tries, error) => tries < 2 && error instanceof Problem && (error.status === 0 || error.status >= 502),
    },
    // What cannot be sent now fails now: sent later, it would do what nobody wants any more.
    mutations: { retry: false, networkMode: 'always' },
  },
});
