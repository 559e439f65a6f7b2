/** The desk's records as the page uses them. */
export type Role = 'agent' | 'supervisor' | 'administrator' | 'service';
export type Phase = 'calling' | 'ringing' | 'active' | 'after_call' | 'closed';
/** `null`: allowed. A word: why not. */
export type Can = Readonly<Record<string, string | null>>;

export interface Me {
  id: string;
  email: string | null;
  name: string;
  role: Role;
  agents: string[];
  mustChangePassword: boolean;
}

export interface Participant { number: string; role: 'customer' | 'agent' | 'third'; state: 'ringing' | 'on' | 'left' | 'not_confirmed' }
export interface Wrapup { startedAt: number; limitSec: number | null; overrun: boolean }
export type TargetState = 'pending' | 'sent' | 'already' | 'overtaken' | 'refused' | 'given_up';
export interface Disposed { code: string; name: string; at: number; by: string | null; targets: Record<string, TargetState> }

export interface Call {
  ucid: string;
  version: number;
  agent: string | null;
  direction: 'inbound' | 'outbound' | null;
  number: string | null;
  masked: string;
  phase: Phase;
  held: boolean | null;
  muted: boolean | null;
  recording: 'on' | 'paused' | 'off' | 'unknown';
  recordingPausedAt: number | null;
  askedAt: number | null;
  ringingAt: number | null;
  answeredAt: number | null;
  endedAt: number | null;
  campaign: string | null;
  did: string | null;
  skill: string | null;
  participants: Participant[];
  outcome: string | null;
  transferred: boolean;
  lead: { id: string; name: string } | null;
  notes: string;
  wrapup: Wrapup | null;
  disposition: Disposed | null;
  dial: { id: string; reference: string; state: string } | null;
  phone: { tab: boolean; heard: boolean; inviteMissing: boolean };
  can: Can;
}

export interface AgentView {
  agent: string;
  name: string;
  state: { word: string; source: string; at: number; since: number | null; fresh: boolean; asked: { word: string; at: number } | null; setBy: string | null };
  phone: { registered: boolean; at: number | null };
  pausedReason: string | null;
  afterCall: { reason: string } | null;
  call: string | null;
  owed: number;
  loggedIn: boolean;
  loginProblem: string | null;
  version?: number;
}
