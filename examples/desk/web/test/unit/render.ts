/** Parts of the page as text, drawn once from what they have read. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createElement, type ComponentType } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

export type Read = readonly (readonly [readonly unknown[], unknown])[];

export function drawn<P extends object>(part: ComponentType<P>, props: P, read: Read = []): string {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  for (const [key, data] of read) client.setQueryData([...key], data);
  return renderToStaticMarkup(createElement(QueryClientProvider, { client }, createElement(part, props)));
}

/** What a person reads. */
export const textOf = (html: string) => html.replaceAll(/<svg.*?<\/svg>/g, '').replaceAll(/<[^>]+>/g, '|').replaceAll(/\|+/g, '|');

/** The buttons, and why each is blocked. */
export function buttonsOf(html: string): [string, string | null][] {
  return [...html.matchAll(/<button([^>]*)>(.*?)<\/button>/g)].map(([, has = '', inside = '']) => {
    const name = /aria-label="([^"]*)"/.exec(has)?.[1] ?? textOf(inside).replaceAll('|', '');
    return [name, has.includes('aria-disabled="true"') ? /title="([^"]*)"/.exec(has)?.[1] ?? '' : null];
  });
}

/** Of a list that is read page by page. */
export const pages = (...all: readonly object[]) => ({ pages: all, pageParams: all.map((_, n) => (n === 0 ? null : String(n))) });
