//! What the facts of a call come down to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::{
    AgentId, CampaignName, Did, DispositionName, PhoneName, PhoneNumber, SkillName, Ucid,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::core::caller::agent_key;
use crate::core::dial::DialWay;
use crate::core::fact::DisposeAction;
use crate::core::transfer::Transfer;

/// Which way a phone call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A customer called.
    Inbound,
    /// An agent or the service dialled.
    Outbound,
}

impl Direction {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How far a call is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CallPhase {
    /// It was asked for; no one has been rung as far as is known.
    #[default]
    Calling,
    /// Someone is being rung.
    Ringing,
    /// There is a conversation.
    Active,
    /// It is over for the agent, and a disposition is owed.
    AfterCall,
    /// Nothing is left to do.
    Closed,
}

/// The leg of the agent's softphone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SipLeg {
    /// None was seen: the agent has no softphone here.
    #[default]
    None,
    /// It rings.
    Ringing,
    /// It is up.
    Up,
    /// It is up, without a microphone.
    NoDevice,
    /// It died with its page or network; the call may go on without it.
    Lost,
    /// One side hung up.
    Ended,
}

/// Whether the call is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// There is nothing to record.
    #[default]
    Off,
    /// No one has paused it.
    On,
    /// Paused.
    Paused,
    /// A command to pause or resume may have happened.
    Unknown,
}

/// The recording of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recording {
    /// Whether it is recorded.
    pub state: RecordingState,
    /// Since when it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_ms: Option<i64>,
    /// The call is over, was paused at its end, and no one has resumed it since.
    pub resume_owed: bool,
}

/// Who is, or was, on the call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Their number; of an agent, the id.
    pub number: String,
    /// What they are.
    pub role: ParticipantRole,
    /// Whether they are on.
    pub state: ParticipantState,
    /// When they were rung into the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.role, self.state)
    }
}

/// What a participant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantRole {
    /// The customer.
    Customer,
    /// An agent.
    Agent,
    /// Someone who was rung into the call.
    Third,
}

/// Whether a participant is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantState {
    /// Being rung.
    Ringing,
    /// On.
    On,
    /// Gone.
    Left,
    /// Rung, and no news since.
    NotConfirmed,
}

/// After-call work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapup {
    /// When it began.
    pub started_ms: i64,
    /// The campaign's limit in seconds, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_sec: Option<u32>,
    /// The service ended it when the limit had passed.
    pub overrun: bool,
}

/// What an agent said about a call, and where that has arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DispositionState {
    /// What was said.
    pub said: DisposeAction,
    /// When.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
    /// The agent whose call it was.
    pub agent: AgentId,
    /// The outbox row's state by target, in the order of the targets' names.
    pub targets: BTreeMap<String, String>,
}

impl DispositionState {
    /// Whether it is at the service, or never will be because that has another one.
    pub(super) fn is_done(&self) -> bool {
        let service = self.targets.get("service").map(String::as_str);
        matches!(service, Some("sent" | "already" | "overtaken" | "kept"))
    }
}

/// The part in a call of an agent who handed it on to a colleague.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentPart {
    /// The agent.
    pub agent: AgentId,
    /// After-call work, or closed.
    pub phase: CallPhase,
    /// After-call work, since the call was handed on.
    pub wrapup: Wrapup,
    /// What the agent said about it.
    pub disposition: Option<DispositionState>,
    /// Whether nothing was said about it, here or elsewhere. That the wrap-up limit has passed is nothing said.
    pub owes: bool,
}

/// The state of a call. It is kept with each change of a call: what there is nothing of is left out.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CallState {
    /// Every id under which it was seen: legs and the call.
    pub ids: BTreeSet<String>,
    /// The phone call's own id, once something has named it; on dialled calls that of the leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// The leg that commands of the current agent go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leg: Option<Ucid>,
    /// Which way it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The agent who has it, or had it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// All agents who had a part in it.
    pub agents: Vec<AgentId>,
    /// The parts of those who handed it on to a colleague, who handed it on first in front.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<AgentPart>,
    /// The customer's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<PhoneNumber>,
    /// The DID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<Did>,
    /// The phone name of the agent's number, where the dial named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_name: Option<PhoneName>,
    /// The campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignName>,
    /// The skill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<SkillName>,
    /// The earliest time that anything says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ms: Option<i64>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_ms: Option<i64>,
    /// When someone was rung first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ringing_ms: Option<i64>,
    /// When the conversation began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_ms: Option<i64>,
    /// When one seemed to have begun, by what was seen while the call was up, where the service's last word says that
    /// no one answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_ms: Option<i64>,
    /// When it ended for the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// How far it is.
    pub phase: CallPhase,
    /// Whether the customer is on hold; `None` where a command may have happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
    /// Whether the agent is muted; `None` where a command may have happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// The recording.
    pub recording: Recording,
    /// Who is on it.
    pub participants: Vec<Participant>,
    /// Its transfer.
    pub transfer: Transfer,
    /// Whether the customer went to someone else.
    pub transferred: bool,
    /// How it ended, in the SDK's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<CallOutcomeKind>,
    /// The dial of this desk, and its reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial: Option<(String, String)>,
    /// The agent for whom this desk dialled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dial_agent: Option<AgentId>,
    /// How this desk dialled it.
    #[serde(default)]
    pub way: DialWay,
    /// The leg of each agent by the agent's key, where there is more than one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub legs: BTreeMap<String, Ucid>,
    /// The softphone of each agent by the agent's key, where there is more than one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phones: BTreeMap<String, SipLeg>,
    /// The agent's own leg, where KooKoo rings the agent into the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_leg: Option<Ucid>,
    /// The reference that came with it, whoever sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uui: Option<String>,
    /// The leg of the agent's softphone.
    pub sip: SipLeg,
    /// No INVITE came in the time it should have.
    pub invite_missing: bool,
    /// Whether a source that speaks while the call is up has spoken of it.
    pub is_live: bool,
    /// The service has written its last word about it.
    pub is_settled: bool,
    /// The service has told of it after its end: a callback, or a finished row of the call-detail records.
    #[serde(default)]
    pub is_final: bool,
    /// After-call work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapup: Option<Wrapup>,
    /// What an agent said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<DispositionState>,
    /// The disposition as the service has it, of the agent whose call it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_disposition: Option<DispositionName>,
    /// What the service has of the part of each agent, by the agent's key. What it says without naming whose it is counts
    /// for the one who is the only one there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub service_has: BTreeMap<String, DispositionName>,
    /// The appointments that came of it and were not cancelled.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub appointments: BTreeSet<String>,
    /// Length of the conversation in seconds, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk_sec: Option<u32>,
    /// Whether there is a link to a recording. The link itself is in the facts.
    pub has_recording: bool,
}

impl fmt::Debug for CallState {
    /// Without numbers, notes and references.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallState")
            .field("ids", &self.ids)
            .field("direction", &self.direction)
            .field("agent", &self.agent)
            .field("phase", &self.phase)
            .field("answered_ms", &self.answered_ms)
            .field("ended_ms", &self.ended_ms)
            .finish_non_exhaustive()
    }
}

impl CallState {
    /// Whether it is over for the agent.
    pub fn is_ended(&self) -> bool {
        self.ended_ms.is_some()
    }

    /// Whether there was a conversation.
    pub fn is_answered(&self) -> bool {
        self.answered_ms.is_some()
    }

    /// When the conversation of a call that is over began and ended. Where only its end was told, it began with the call.
    pub fn conversation(&self) -> Option<(i64, i64)> {
        let (answered, ended) = (self.answered_ms?, self.ended_ms?);
        let from = if answered < ended { answered } else { self.began_ms.unwrap_or(answered) };
        Some((from, ended))
    }

    /// When the last conversation of calls with one number began that is over, and when the last one ended.
    pub fn last_conversation<'c>(calls: impl IntoIterator<Item = &'c Self>) -> Option<(i64, i64)> {
        let conversations = calls.into_iter().filter_map(Self::conversation);
        conversations.reduce(|last, (from, until)| (last.0.max(from), last.1.max(until)))
    }

    /// Whether this agent had a part in it.
    pub fn is_of(&self, agent: &AgentId) -> bool {
        self.agents.iter().any(|known| known.is_same_agent(agent))
    }

    /// An agent's leg.
    pub fn leg_of(&self, agent: &AgentId) -> Option<Ucid> {
        self.legs.get(&agent_key(agent)).copied().or(self.leg)
    }

    /// Whether an agent has something to say about it: every call that was answered or that this desk dialled.
    pub fn wants_disposition(&self) -> bool {
        self.agent.is_some() && (self.is_answered() || self.dial.is_some())
    }

    /// What was said about the call, as far as it keeps this agent from saying something: what another one said does
    /// only where that one is known to have answered. Who handed it on speaks of the own part.
    pub fn disposition_for(&self, agent: &AgentId) -> Option<&DispositionState> {
        if let Some(part) = self.part_of(agent) {
            return part.disposition.as_ref();
        }
        let talked = |by: &AgentId| {
            self.is_answered() && self.agent.as_ref().is_some_and(|own| own.is_same_agent(by))
        };
        let counts =
            |known: &&DispositionState| known.agent.is_same_agent(agent) || talked(&known.agent);
        self.disposition.as_ref().filter(counts)
    }

    /// What was said about it and counts: not what the service refused.
    pub fn kept_disposition(&self) -> Option<&DispositionState> {
        let refused = |given: &&DispositionState| {
            given.targets.get("service").is_some_and(|state| state == "refused")
        };
        self.counted_disposition().filter(|given| !refused(given))
    }

    /// What was said about it by the agent whose call it is.
    pub fn own_disposition(&self) -> Option<&DispositionState> {
        self.disposition_for(self.agent.as_ref()?)
    }

    /// What was said about it and is of this call as a whole: what the agent said who had the conversation. What another
    /// one said counts only as long as nothing is known of that.
    pub fn counted_disposition(&self) -> Option<&DispositionState> {
        let is_other = self.is_answered() && self.service_disposition.is_some();
        self.own_disposition().or(self.disposition.as_ref().filter(|_| !is_other))
    }

    /// Whether it is over and the agent whose call it is has said nothing about it, here or elsewhere. That the wrap-up
    /// limit has passed is nothing said.
    pub fn owes_disposition(&self) -> bool {
        let is_overrun = self.wrapup.is_some_and(|wrapup| wrapup.overrun);
        self.is_ended()
            && self.wants_disposition()
            && self.own_disposition().is_none()
            && (self.service_disposition.is_none() || is_overrun)
    }

    /// The third parties that may be on.
    pub fn thirds(&self) -> impl Iterator<Item = &Participant> {
        self.participants
            .iter()
            .filter(|one| one.role == ParticipantRole::Third && one.state != ParticipantState::Left)
    }
}
