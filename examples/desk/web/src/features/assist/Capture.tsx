import { useEffect, useState, useSyncExternalStore } from 'react';
import { softphone, stream } from '../../app';
import { useCalls, useMe, usePhone } from '../../state';
import { Listening } from './listening';
import { KINDS, talks, useStanding } from './store';
import { heardCall } from './whose';
import type { Call } from '../../api/types';

/** Nothing is to be seen of it: as long as the page is there, it listens to the desk, and to the call if its sound is here. */
export function Capture() {
  const { data: me } = useMe();
  const agent = me?.agents[0] ?? null;
  const { leg } = usePhone();
  const call = heardCall(useCalls(), agent, leg);
  useEffect(() => stream.listen(KINDS, (message) => talks.heard(message)), []);
  useEffect(() => {
    let was = stream.standing;
    return stream.watch(() => {
      if (stream.standing === 'live' && was !== 'live') talks.missed();
      was = stream.standing;
    });
  }, []);
  return call && me?.assist?.transcript ? <Sound key={call.ucid} call={call} /> : null;
}

/** For these no frame is ever wanted. */
const OVER = new Set(['refused', 'ended']);

function Sound({ call }: { call: Call }) {
  const standing = useStanding(call);
  const voices = useSyncExternalStore(softphone.watch, () => softphone.voices);
  const [listening, listen] = useState<Listening | null>(null);
  const { ucid } = call;
  const wanted = standing !== null && !OVER.has(standing.state);
  useEffect(() => {
    if (!wanted) return;
    const made = new Listening(ucid, (isHeard) => talks.hears(ucid, isHeard));
    listen(made);
    return () => { made.stop(); listen(null); };
  }, [ucid, wanted]);
  useEffect(() => listening?.hear(voices), [listening, voices]);
  useEffect(() => stream.watch(() => { if (stream.standing === 'live') listening?.hurry(); }), [listening]);
  const allowed = !call.held && call.recording !== 'paused';
  useEffect(() => listening?.allow(allowed), [listening, allowed]);
  return null;
}
