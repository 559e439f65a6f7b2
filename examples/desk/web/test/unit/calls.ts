import type { AgentView, Call } from '../../src/api/types';

export function call(change: Partial<Call> = {}): Call {
  return {
    ucid: '70000000000000001', version: 1, agent: 'agent01', direction: 'outbound', number: '9000000001', masked: '90000•••01', phase: 'active', held: false, muted: false,
    recording: 'on', recordingPausedAt: null, askedAt: 1_000, ringingAt: 2_000, answeredAt: 3_000, endedAt: null, campaign: null, did: null, skill: null, participants: [], outcome: null,
    transferred: false, lead: null, notes: '', wrapup: null, disposition: null, dial: null, phone: { tab: true, heard: true, inviteMissing: false }, can: {}, ...change,
  };
}

export function agent(id: string, word: string, change: Partial<AgentView> = {}): AgentView {
  return {
    agent: id, name: id, state: { word, source: 'socket', at: 0, since: 0, fresh: true, asked: null, setBy: null }, phone: { registered: true, at: 0 },
    pausedReason: null, afterCall: null, call: null, owed: 0, loggedIn: true, loginProblem: null, ...change,
  };
}
