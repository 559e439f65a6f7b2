/** What a page has once: cache, stream, phone, its owner. Outside React, so that nothing is made twice. */
import { askAs, get, hold, signedOut, whenOther } from './api/client';
import { isDialPlace, placeOf, USER } from './features/call/kept';
import { askForUpgrade } from './live/build';
import { forgetDrafts, hasLostDrafts, isNotesPlace, leaveDrafts, pauseDrafts, putDraftsAside, resumeDrafts } from './features/call/drafts';
import { KEYS, apply } from './live/cache';
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
// A call under the password is nobody's to command who is signed in meanwhile.
export const owner = new Owner(async (command, value) => (isForeign ? 'others_call' : softphone.carryOut(command, value)));
export const keeper = new Keeper(owner, softphone);

/** As whom the page goes on. */
let going: string | null = null;
/** Whether somebody else is signed in, while a call of whom the page is of is up here. */
let isForeign = false;
/** Whether the page is on its way out. */
let isGone = false;

/**
 * What who was signed in had open is none of the next one's; dials, and notes that could not be kept, wait for whose they are.
 * Whose they were stays: an answer that comes before the page goes may write some of it again, which the next page forgets.
 */
function forget() {
  for (const name of Object.keys(sessionStorage)) if (name !== USER && !isNotesPlace(name) && !isDialPlace(name)) sessionStorage.removeItem(name);
}

/**
 * Somebody has signed in, before anything is loaded that shows what was kept: after a reload it may be another one's. Answers
 * whether the page is theirs: one that goes on as somebody is nobody else's.
 */
export function isTabOf(user: string): boolean {
  if (going !== null && going !== user) { other(); return false; }
  const before = sessionStorage.getItem(USER);
  if (before !== null && before !== user) forget();
  sessionStorage.setItem(USER, user);
  if (!isGone) askAs(user);
  return true;
}

/**
 * The page is somebody else's now, or nobody's. A call that is up here goes on first, under a password: the page asks, says and
 * hears nothing meanwhile. The call's own sockets, of the relay and of its sound, go on for as long as the session does under
 * which they were opened: they are of this call and of nobody else's. Once it ends, the desk closes them and opens none.
 */
function other() {
  if (isGone) return;
  if (softphone.phone.leg.kind !== 'up') {
    isForeign = false;
    putDraftsAside();
    go();
    return;
  }
  hold();
  signedOut();
  if (isForeign) return;
  isForeign = true;
  pauseDrafts();
  softphone.tells = false;
  stream.lost();
  stream.stop();
}

// The desk did nothing of what a page asked as somebody else.
whenOther(other);

/** Once somebody is signed in whose page it is. */
export function begin(user: string, hasPhone: boolean) {
  if (going !== null) {
    if (isForeign) {
      isForeign = false;
      resumeDrafts(user);
      softphone.tellAgain();
      stream.start();
    }
    // What was asked for while nobody was signed in is asked again; what the stream brings comes by itself.
    void cache.invalidateQueries({ predicate: ({ queryKey: [first] }) => first !== KEYS.calls[0] && first !== KEYS.me[0] });
    stream.hurry();
    keeper.hurry();
    softphone.hurry();
    return;
  }
  going = user;
  whose.onOther = other;
  softphone.watch(() => { if (isForeign && softphone.phone.leg.kind !== 'up') other(); });
  stream.start();
  if (hasPhone) {
    owner.watch(() => keeper.changed());
    // The desk answers again, or somebody has signed in again.
    stream.watch(() => { if (stream.standing === 'live') { keeper.hurry(); softphone.hurry(); } });
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
  resumeDrafts(user);
  addEventListener('pagehide', () => { leaveDrafts(); softphone.leave(); });
  addEventListener('beforeunload', (event) => {
    if (softphone.phone.leg.kind === 'up' || hasLostDrafts()) event.preventDefault();
  });
}

/** The page as it was before anybody signed in: a load is the surest way. */
export function leave() {
  whose.is(null);
  forgetDrafts();
  // What may still arrive at the desk is remembered: whoever is back soon does not ring the same customer twice.
  sessionStorage.removeItem(placeOf('dial', sessionStorage.getItem(USER)));
  go();
}

function go() {
  isGone = true;
  hold();
  softphone.stop();
  stream.stop();
  cache.clear();
  forget();
  location.assign('/');
}
