import { beforeEach, expect, test, vi } from 'vitest';
import type { SipListener } from '../../src/phone/jssip';
import { Softphone } from '../../src/phone/softphone';

const made = vi.hoisted(() => ({
  listener: null as SipListener | null, heard: [] as string[], told: [] as { event: string; ucid?: string | null }[], answer: 'auto',
  microphone: 'ready', streams: [] as MediaStream[], moved: [] as [string, MediaStream][], hasSender: true,
}));
vi.mock('../../src/phone/jssip', () => ({
  Sip: class {
    constructor(_: unknown, listener: SipListener) { made.listener = listener; }
    start() {}
    stop() {}
    microphone(session: string, stream: MediaStream) {
      if (made.hasSender) made.moved.push([session, stream]);
      return Promise.resolve(made.hasSender);
    }
  },
}));
vi.mock('../../src/api/client', () => ({
  get: () => Promise.resolve({ enabled: true, agentSocket: { relay: null }, url: 'wss://x', extension: '1', domain: 'x', password: '', iceServers: [] }),
  post: (_: string, news: { event: string }) => {
    if (news.event === 'invite') return Promise.resolve({ answer: made.answer });
    made.told.push(news);
    return Promise.resolve({});
  },
}));
vi.mock('../../src/phone/audio', () => ({
  Loudspeaker: class {
    ring(on: boolean) { made.heard.push(`ring ${on}`); }
    silence() { made.heard.push('silence'); }
    play() { made.heard.push('play'); }
  },
  microphone: () => {
    if (made.microphone !== 'ready') return Promise.resolve({ state: made.microphone });
    const track = { readyState: 'live', enabled: true, ended() {}, stop() { track.readyState = 'ended'; }, unplug() { track.readyState = 'ended'; track.ended(); }, addEventListener(_: string, run: () => void) { track.ended = run; } };
    const stream = { getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream;
    made.streams.push(stream);
    return Promise.resolve({ state: 'ready', stream });
  },
}));

/** An INVITE; `ends` is what JsSIP says once it is refused. */
function invitation(id: string, ends = () => {}) {
  const answered: MediaStream[] = [];
  return { id, headers: { 'X-UCID': `ucid-${id}` }, from: null, answered, answer: (stream: MediaStream) => { answered.push(stream); }, decline: ends, busy: ends };
}
const soon = () => new Promise((resolve) => { setTimeout(resolve, 5); });
const live = () => made.streams.map((stream) => stream.getAudioTracks()[0]?.readyState);
async function started() {
  const phone = new Softphone();
  await phone.start();
  const { listener } = made;
  if (!listener) throw new Error('no phone was made');
  return { phone, listener };
}

beforeEach(() => { Object.assign(made, { heard: [], told: [], answer: 'auto', microphone: 'ready', streams: [], moved: [], hasSender: true }); });

test('an INVITE that is refused during a call takes nothing from that call', async () => {
  const { phone, listener } = await started();
  listener.invited(invitation('1'));
  await soon();
  listener.up('1');
  const customer = {} as MediaStream;
  listener.track('1', customer);
  Object.assign(made, { heard: [], told: [] });
  listener.invited(invitation('2', () => listener.ended('2', 'Rejected', true)));
  listener.track('2', {} as MediaStream);
  listener.up('2');
  await soon();
  expect(phone.voices.customer).toBe(customer);
  expect([phone.phone.leg, made.heard, made.told]).toEqual([{ kind: 'up', session: '1', ucid: 'ucid-1', caller: null, muted: false }, [], []]);
  listener.ended('1', 'Terminated', false);
  expect([phone.voices.customer, phone.phone.leg.kind, made.heard]).toEqual([null, 'idle', ['ring false', 'silence']]);
  expect(made.told).toEqual([expect.objectContaining({ event: 'ended', ucid: 'ucid-1' })]);
});

test('nor from the ring of one that nobody has answered yet', async () => {
  made.answer = 'ask';
  const { phone, listener } = await started();
  listener.invited(invitation('1'));
  await soon();
  expect(made.heard).toEqual(['ring true']);
  listener.invited(invitation('2', () => listener.ended('2', 'Rejected', true)));
  expect([phone.phone.leg.kind, made.heard, made.told]).toEqual(['ringing', ['ring true'], []]);
});

test('another microphone between the answer and the call is sent in it, and the first stays until then', async () => {
  const { phone, listener } = await started();
  const one = invitation('1');
  listener.invited(one);
  await soon();
  made.hasSender = false;
  phone.devicesChanged();
  await soon();
  expect([live(), made.moved]).toEqual([['live', 'live'], []]);
  made.hasSender = true;
  listener.up('1');
  await soon();
  expect([live(), made.moved]).toEqual([['ended', 'live'], [['1', made.streams[1]]]]);
  expect([one.answered[0], phone.voices.agent]).toEqual([made.streams[0], made.streams[1]]);
});

test('one that the session takes before it is up is sent at once, and no other is asked for', async () => {
  const { phone, listener } = await started();
  listener.invited(invitation('1'));
  await soon();
  phone.devicesChanged();
  await soon();
  listener.up('1');
  await soon();
  expect([live(), made.moved]).toEqual([['ended', 'live'], [['1', made.streams[1]]]]);
});

test('without a call the microphone of before is let go at once, and one that no session took with the call', async () => {
  const { phone, listener } = await started();
  phone.devicesChanged();
  await soon();
  expect(live()).toEqual(['ended', 'live']);
  listener.invited(invitation('1'));
  await soon();
  made.hasSender = false;
  phone.devicesChanged();
  await soon();
  expect(live()).toEqual(['ended', 'live', 'live']);
  listener.ended('1', 'Canceled', false);
  expect(live()).toEqual(['ended', 'ended', 'live']);
  phone.stop();
  expect(live()).toEqual(['ended', 'ended', 'ended']);
});

test('what would be answered by itself rings where there is no microphone, and is picked up once there is one', async () => {
  for (const [state, why] of [['forbidden', 'microphone_forbidden'], ['missing', 'microphone_missing']] as const) {
    Object.assign(made, { microphone: state, heard: [] });
    const { phone, listener } = await started();
    const one = invitation('1');
    listener.invited(one);
    await soon();
    expect([phone.phone.leg, made.heard, one.answered]).toEqual([{ kind: 'ringing', session: '1', ucid: 'ucid-1', caller: null, answer: 'ask' }, ['ring false', 'ring true'], []]);
    expect(await phone.carryOut('answer')).toBe(why);
    made.microphone = 'ready';
    expect(await phone.carryOut('answer')).toBeNull();
    expect(one.answered).toEqual([phone.voices.agent]);
  }
});

test('nor is it answered with a microphone that was unplugged', async () => {
  const { phone, listener } = await started();
  made.streams[0]?.getTracks().forEach((track) => track.stop());
  made.microphone = 'missing';
  const one = invitation('1');
  listener.invited(one);
  await soon();
  expect([one.answered, await phone.carryOut('answer')]).toEqual([[], 'microphone_missing']);
  listener.ended('1', 'Canceled', false);
  expect(await phone.carryOut('answer')).toBe('no_audio_here');
});

test('who was muted or on hold at the end of a call is heard in the next', async () => {
  const { listener } = await started();
  listener.invited(invitation('1'));
  await soon();
  listener.up('1');
  // JsSIP switches the track off, and leaves it so when the call ends.
  const [track] = made.streams[0]?.getAudioTracks() ?? [];
  if (track) track.enabled = false;
  listener.ended('1', 'Terminated', false);
  const two = invitation('2');
  listener.invited(two);
  await soon();
  expect([two.answered, track?.enabled]).toEqual([[made.streams[0]], true]);
});

test('a microphone that is back in a call is told to the desk, once it is sent', async () => {
  const { phone, listener } = await started();
  listener.invited(invitation('a'));
  await soon();
  listener.up('a');
  const news = () => made.told.map(({ event, ucid }) => [event, ucid]).filter(([event]) => event !== 'registered');
  await soon();
  made.microphone = 'missing';
  const [track] = made.streams.at(-1)?.getAudioTracks() ?? [];
  (track as unknown as { unplug(): void } | undefined)?.unplug();
  await soon();
  expect(news()).toEqual([['answered', 'ucid-a'], ['device_lost', 'ucid-a']]);
  Object.assign(made, { microphone: 'ready', hasSender: false });
  phone.devicesChanged();
  await soon();
  expect(news()).toHaveLength(2);
  made.hasSender = true;
  phone.devicesChanged();
  await soon();
  expect(news()).toEqual([['answered', 'ucid-a'], ['device_lost', 'ucid-a'], ['answered', 'ucid-a']]);
  phone.devicesChanged();
  await soon();
  expect(news()).toHaveLength(3);
});

test('a microphone that went and one that came back while somebody else was signed in are told after it', async () => {
  const { phone, listener } = await started();
  listener.registered();
  listener.invited(invitation('a'));
  await soon();
  listener.up('a');
  await soon();
  made.told.length = 0;
  const news = () => made.told.map(({ event, ucid }) => [event, ucid]);
  phone.tells = false;
  made.microphone = 'missing';
  const [track] = made.streams.at(-1)?.getAudioTracks() ?? [];
  (track as unknown as { unplug(): void } | undefined)?.unplug();
  await soon();
  expect(news()).toEqual([]);
  phone.tellAgain();
  expect(news()).toEqual([['registered', undefined], ['device_lost', 'ucid-a']]);
  phone.tells = false;
  Object.assign(made, { microphone: 'ready', hasSender: true });
  phone.devicesChanged();
  await soon();
  expect(news()).toHaveLength(2);
  phone.tellAgain();
  expect(news().slice(2)).toEqual([['registered', undefined], ['answered', 'ucid-a']]);
});
