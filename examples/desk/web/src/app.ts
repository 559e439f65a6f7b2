/** What a page has once: cache, stream, phone, its owner. Outside React, so that nothing is made twice. */
import { QueryClient } from '@tanstack/react-query';
import { Problem } from './api/problem';
import { apply } from './live/cache';
import { Stream } from './live/stream';
import { Owner } from './phone/owner';
import { Softphone } from './phone/softphone';

export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      retry: (tries, error) => tries < 2 && error instanceof Problem && (error.status === 0 || error.status >= 502),
    },
    mutations: { retry: false },
  },
});

export const stream = new Stream((message) => apply(cache, message));
export const softphone = new Softphone();
export const owner = new Owner((command, value) => softphone.carryOut(command, value));

let going = false;

/** Once somebody is signed in. */
export function begin(hasPhone: boolean) {
  if (going) return;
  going = true;
  stream.start();
  if (hasPhone) {
    owner.watch(() => {
      if (owner.state === 'here') void softphone.start().catch(() => {});
      else softphone.stop();
    });
    softphone.watch(() => owner.tell(softphone.phone.leg.kind === 'up' && softphone.phone.leg.muted));
    void owner.start();
    navigator.mediaDevices?.addEventListener('devicechange', softphone.devicesChanged);
  }
  addEventListener('offline', () => stream.lost());
  addEventListener('online', () => { stream.hurry(); void softphone.networkChanged(); });
  addEventListener('visibilitychange', () => { if (!document.hidden) stream.hurry(); });
  addEventListener('pagehide', () => softphone.leave());
  addEventListener('beforeunload', (event) => {
    if (softphone.phone.leg.kind === 'up') event.preventDefault();
  });
}

/** The page as it was before anybody signed in: a load is the surest way. */
export function leave() {
  softphone.stop();
  stream.stop();
  cache.clear();
  location.assign('/');
}
