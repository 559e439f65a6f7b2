// What runs in a customer's page: a softphone that picks up.
import JsSIP from 'jssip';

const loudspeaker = new Audio();
let session = null;

async function answer(ringing) {
  session = ringing;
  const mediaStream = await navigator.mediaDevices.getUserMedia({ audio: true });
  ringing.answer({ mediaStream });
}

globalThis.customer = {
  start(url, extension) {
    const ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(url)], uri: `sip:${extension}@sim.example.test`, password: extension, session_timers: false, register_expires: 120,
    });
    ua.on('newRTCSession', ({ session: ringing, request, originator }) => {
      if (originator !== 'remote') return;
      // A customer's leg names no call; one that does is for the agent whose extension this is.
      if (request.getHeader('X-UCID') !== undefined) return;
      ringing.on('peerconnection', ({ peerconnection }) => peerconnection.addEventListener('track', ({ track }) => {
        loudspeaker.srcObject = new MediaStream([track]);
        void loudspeaker.play();
      }));
      void answer(ringing);
    });
    return new Promise((resolve, reject) => {
      ua.once('registered', () => resolve());
      ua.once('registrationFailed', ({ cause }) => reject(new Error(cause)));
      ua.start();
    });
  },
  /** What the customer says. */
  track: () => session.connection.getSenders().find(({ track }) => track?.kind === 'audio').track,
  async heard() {
    const reports = [...(await session?.connection?.getStats() ?? new Map()).values()];
    const inbound = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    return { packets: inbound?.packetsReceived ?? 0, energy: inbound?.totalAudioEnergy ?? 0 };
  },
};
