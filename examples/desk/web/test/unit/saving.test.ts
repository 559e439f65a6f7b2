import { MutationObserver, QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { call } from './calls';

const put = vi.fn();
const post = vi.fn();
vi.mock('../../src/api/client', () => ({ at: (path: string, { ucid }: { ucid: string }) => path.replace('{ucid}', ucid), put: (path: string, body: object) => put(path, body), post: (path: string, body: object) => post(path, body) }));
const { begun, hasLostDrafts, keep, keepAll, type } = await import('../../src/features/call/drafts');
const { saving } = await import('../../src/features/disposition/saving');

const stored = new Map<string, string>();
beforeEach(() => {
  put.mockReset().mockResolvedValue(null);
  post.mockReset();
  stored.clear();
  vi.stubGlobal('sessionStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, text: string) => stored.set(key, text), removeItem: (key: string) => stored.delete(key) });
});
afterEach(() => { vi.unstubAllGlobals(); });

/** The form as its hook has it: its options are given anew each time it is drawn. */
function form(over: ReturnType<typeof call>, onSaved = () => {}) {
  let answer: () => void = () => {};
  post.mockReturnValueOnce(new Promise<void>((resolve) => { answer = resolve; }));
  const observer = new MutationObserver(new QueryClient(), saving(over, 'k', onSaved));
  const draft = begun(over);
  return { draft, answer: () => answer(), save: () => observer.mutate({ code: 'FOLLOW_UP', notes: draft.text, callBackAt: '' }), drawn: () => observer.setOptions(saving(over, 'k', onSaved)) };
}

test('what is typed while a disposition is on its way is neither in it nor kept: it is sent as a draft', async () => {
  const { draft, answer, save, drawn } = form(call({ ucid: '1', phase: 'after_call' }));
  type(draft, 'wants Monday');
  const saved = save();
  type(draft, 'wants Monday and Tuesday');
  drawn();
  answer();
  await saved;
  expect([post.mock.calls[0]?.[1].notes, draft.saved === draft.text, stored.size]).toEqual(['wants Monday', false, 1]);
  await keep(draft);
  expect([put.mock.calls, stored.size]).toEqual([[['/api/calls/1/draft', { notes: 'wants Monday and Tuesday', agent: 'agent01' }]], 0]);
});

test('what went along is kept, and whoever waits for it is told', async () => {
  const told = vi.fn();
  const { draft, answer, save } = form(call({ ucid: '2', phase: 'after_call' }), told);
  type(draft, 'wants Monday');
  const saved = save();
  answer();
  await saved;
  expect([await keepAll(), hasLostDrafts(), put.mock.calls.length, told.mock.calls.length]).toEqual([true, false, 0, 1]);
});
