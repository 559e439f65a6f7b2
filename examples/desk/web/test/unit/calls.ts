import type { AgentView, Call, Can } from '../../src/api/types';

const can: Can = {
  answer: null, hold: null, unhold: null, mute: null, unmute: null, keypad: null, transfer: null, completeTransfer: null, cancelTransfer: null, conference: null, kick: null,
  pauseRecording: null, resumeRecording: null, end: null, dispose: null, reconnect: null, reveal: null, dial: null,
};

export function call(change: Partial<Call> = {}): Call {
  return {
    ucid: '70000000000000001', version: 1, ids: [change.ucid ?? '70000000000000001'], agent: 'agent01', direction: 'outbound', number: '9000000001', masked: '90000•••01', phase: 'active', held: false, muted: false,
    recording: 'on', recordingPausedAt: null, askedAt: 1_000, ringingAt: 2_000, answeredAt: 3_000, endedAt: null, campaign: null, did: null, skill: null, participants: [], outcome: null,
    transferred: false, transfer: { step: 'none', number: null, warm: false }, lead: null, booked: false, notes: '', wrapup: null, disposition: null, dial: null, phone: { leg: 'up', tab: true, heard: true, inviteMissing: false, inviteSetting: null }, can, assist: null, part: null, ...change,
  };
}

export function agent(id: string, word: string, change: Partial<AgentView> = {}): AgentView {
  return {
    agent: id, name: id, version: 1, wrapup: null, state: { word, kind: null, source: 'socket', at: 0, since: 0, fresh: true, asked: null, setBy: null }, phone: { registered: true, at: 0 },
    pausedReason: null, afterCall: null, call: null, owed: 0, loggedIn: true, loginProblem: null, ...change,
  };
}
