/** What a page has once: cache, stream, phone, its owner. Outside React, so that nothing is made twice. */
import { get, signedOut } from './api/client';
import { askForUpgrade } from './live/build';
import { forgetDrafts, hasLostDrafts, leaveDrafts, resumeDrafts } from './features/call/drafts';
import { apply } from './live/cache';
import { cache } from './live/queries';
import { BROWSER, Stream } from './live/stream';
import { Whose } from './live/whose';
import { Keeper } from './phone/keeper';
import { Owner } from './phone/owner';
import { Softphone } from './phone/softphone';

export { cache };
export const whose = new Whose({
  ask: () => get('/api/me').then(({ id }) => id),
  channel: new BroadcastChannel('desk-session'),
  now: () => Date.now(),
  after: (ms, run) => { setTimeout(run, ms); },
});
export const stream = new Stream((message) => apply(cache, message), BROWSER, whose.suspect);
export const softphone = new Softphone();
export const owner = new Owner((command, value) => softphone.carryOut(command, value));
export const keeper = new Keeper(owner, softphone);

let going = false;

/** Once somebody is signed in. */
export function begin(hasPhone: boolean) {
  if (going) { stream.hurry(); return; }
  going = true;
  // A call that is up here goes on, under a password; all else is the other one's now.
  whose.onOther = () => { if (softphone.phone.leg.kind === 'up') signedOut(); else go(); };
  stream.start();
  if (hasPhone) {
    owner.watch(() => keeper.changed());
    // The desk answers again, or somebody has signed in again.
    stream.watch(() => { if (stream.standing === 'live') keeper.hurry(); });
    softphone.watch(() => owner.tell(softphone.phone.leg.kind === 'up' && softphone.phone.leg.muted));
    void owner.start();
    navigator.mediaDevices?.addEventListener('devicechange', softphone.devicesChanged);
    // A page that was opened with a session has had no click.
    for (const touch of ['pointerdown', 'keydown']) addEventListener(touch, () => softphone.speaker.unlock(), { once: true, capture: true });
  }
  let before = stream.standing;
  stream.watch(() => {
    // It may have come back as another version.
    if (stream.standing === 'live' && before !== 'connecting') void askForUpgrade();
    before = stream.standing;
  });
  addEventListener('offline', () => stream.lost());
  addEventListener('online', () => { stream.hurry(); keeper.hurry(); void softphone.networkChanged(); });
  addEventListener('visibilitychange', () => { if (!document.hidden) stream.hurry(); });
  resumeDrafts();
  addEventListener('pagehide', () => { leaveDrafts(); softphone.leave(); });
  addEventListener('beforeunload', (event) => {
    if (softphone.phone.leg.kind === 'up' || hasLostDrafts()) event.preventDefault();
  });
}

/** The page as it was before anybody signed in: a load is the surest way. */
export function leave() {
  whose.is(null);
  go();
}

function go() {
  forgetDrafts();
  softphone.stop();
  stream.stop();
  cache.clear();
  // A dial and windows of who was signed in are none of the next one's.
  sessionStorage.clear();
  location.assign('/');
}
