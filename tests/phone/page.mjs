// What runs in the browser's page: the same softphone, with a real microphone (Chromium's fake one)
// and real WebRTC.
import init, * as softphone from '../../softphone-js/npm/index.js';
import { decisionOf } from './decision.mjs';
import { Softphone } from './softphone.mjs';

let phone;
const loudspeaker = new Audio();

/** Only what is played counts as heard. */
function listen(connection) {
  if (loudspeaker.srcObject) return;
  loudspeaker.srcObject = new MediaStream(connection.getReceivers().map(({ track }) => track));
  loudspeaker.play();
}

window.tests = {
  /** With a `setting`, the npm package decides which calls are answered at once. */
  async start(url, extension, setting) {
    const mediaStream = await navigator.mediaDevices.getUserMedia({ audio: true });
    let decision;
    if (setting !== undefined) {
      await init({ module_or_path: '/softphone.wasm' });
      decision = decisionOf(softphone, setting);
    }
    phone = new Softphone(url, extension, { mediaStream }, decision);
    await phone.start();
  },
  view: () => phone.view(),
  dialled: () => phone.dialled(),
  answer: () => phone.answer(),
  hangUp: () => phone.hangUp(),
  hold: (on) => phone.hold(on),
  breaks: () => phone.breaks(),
  press: (tone) => phone.press(tone),

  /** What arrived of the other side's voice, and the state of the connection. */
  async heard() {
    const { connection } = phone.last.session;
    listen(connection);
    const reports = [...(await connection.getStats()).values()];
    const inbound = reports.find((r) => r.type === 'inbound-rtp' && r.kind === 'audio');
    return {
      ice: connection.iceConnectionState,
      dtls: connection.connectionState,
      packets: inbound?.packetsReceived ?? 0,
      energy: inbound?.totalAudioEnergy ?? 0,
    };
  },
};
