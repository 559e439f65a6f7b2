import { MutationObserver, onlineManager } from '@tanstack/react-query';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cache } from '../../src/live/queries';
import { Whose, type Channel } from '../../src/live/whose';

function made(found: () => Promise<string>) {
  const posted: (string | null)[] = [];
  const timers: { ms: number; run: () => void }[] = [];
  const clock = { now: 100_000, asked: 0 };
  const heard: string[] = [];
  const channel: Channel = { postMessage: ({ user }) => posted.push(user), onmessage: null };
  const whose = new Whose({ ask: () => { clock.asked += 1; return found(); }, channel, now: () => clock.now, after: (ms, run) => { timers.push({ ms, run }); } });
  whose.onAgain = () => heard.push('again');
  whose.onOther = () => heard.push('other');
  const tell = (user: string | null) => channel.onmessage?.({ data: { user } } as MessageEvent<{ user: string | null }>);
  return { whose, posted, timers, clock, heard, tell };
}

describe('whose page it is', () => {
  test('is asked for as the stream fails, each ten seconds at most, and once more after the last failure', async () => {
    const { whose, timers, clock, heard } = made(() => Promise.resolve('agent01'));
    whose.suspect();
    expect(clock.asked).toBe(0);
    whose.is('agent01');
    for (let n = 0; n < 5; n += 1) { whose.suspect(); clock.now += 1_000; }
    await Promise.resolve();
    expect([clock.asked, timers.map(({ ms }) => ms)]).toEqual([1, [9_000]]);
    clock.now += 5_000;
    timers[0]?.run();
    clock.now += 10_000;
    whose.suspect();
    await Promise.resolve();
    expect([clock.asked, timers.length, heard]).toEqual([3, 1, []]);
  });

  test('somebody else’s, it is left; where nobody can be asked nothing is known', async () => {
    const answers: (() => Promise<string>)[] = [() => Promise.reject(new Error('no answer')), () => Promise.resolve('agent02')];
    const { whose, clock, heard } = made(() => (answers.shift() ?? (() => Promise.resolve('')))());
    whose.is('agent01');
    whose.suspect();
    await vi.waitFor(() => expect(clock.asked).toBe(1));
    clock.now += 20_000;
    expect(heard).toEqual([]);
    whose.suspect();
    await vi.waitFor(() => expect(heard).toEqual(['other']));
  });

  test('is told to the other tabs, which leave, or go on where the same one signed in again', () => {
    const { whose, posted, heard, tell } = made(() => Promise.resolve('agent01'));
    tell('agent02');
    expect(heard).toEqual([]);
    whose.is('agent01');
    tell('agent01');
    tell('agent02');
    tell(null);
    expect([posted, heard]).toEqual([['agent01'], ['again', 'other', 'other']]);
  });
});

describe('what cannot be sent', () => {
  afterEach(() => onlineManager.setOnline(true));
  test('fails at once, and is not sent once the network is back', async () => {
    cache.mount();
    let sent = 0;
    const wish = new MutationObserver(cache, { mutationFn: () => { sent += 1; return Promise.reject(new TypeError('no network')); } });
    onlineManager.setOnline(false);
    const forget = wish.subscribe(() => {});
    await expect(wish.mutate()).rejects.toThrow('no network');
    expect([sent, wish.getCurrentResult().isPaused]).toEqual([1, false]);
    forget();
    onlineManager.setOnline(true);
    await cache.resumePausedMutations();
    expect(sent).toBe(1);
    cache.unmount();
  });
});
