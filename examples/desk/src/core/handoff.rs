//! A hand-off: a voice assistant gives its call to a human agent. Pure.

mod activity;
pub mod intent;
mod request;

use std::borrow::Borrow;
use std::fmt;

use ozonetel_sdk::types::{AgentId, PhoneNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::call::{CallState, Direction};
use super::dial::number_key;
use super::profile::{CallKeys, LASTS_SEC, Profile};

pub use request::HandoffRequest;

/// How long a request to a carrier may be under way, in milliseconds; what is older was lost with its process.
const LONGEST_REQUEST_MS: i64 = 60_000;

/// How long a call is waited for, in milliseconds.
fn lasts_ms() -> i64 {
    i64::try_from(LASTS_SEC).unwrap_or(i64::MAX).saturating_mul(1000)
}

/// How far a hand-off is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    /// The voice server brings the call itself.
    Waiting,
    /// A carrier is being asked to ring the agent.
    Asking,
    /// The carrier rings the agent.
    Ringing,
    /// Caller and agent are connected.
    Connected,
    /// The agent was not reached; the caller has been told, and stays with the assistant.
    Failed,
    /// The carrier may have been asked and has not answered: it is not asked again.
    Unknown,
    /// It is over.
    Ended,
}

impl HandoffState {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Asking => "asking",
            Self::Ringing => "ringing",
            Self::Connected => "connected",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Ended => "ended",
        }
    }

    /// Whether nothing more will come of it.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Ended)
    }

    /// Whether news may take a hand-off from this state into another. News that comes late or twice changes nothing.
    pub fn may_become(self, next: Self) -> bool {
        let rank = |state| match state {
            Self::Waiting | Self::Asking => 0,
            Self::Unknown => 1,
            Self::Ringing => 2,
            Self::Connected => 3,
            Self::Failed | Self::Ended => 4,
        };
        // Who has talked has not failed to be reached.
        rank(next) > rank(self) && !(self == Self::Connected && next == Self::Failed)
    }
}

/// What is kept of a hand-off.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffRow {
    /// The id: also the reference that the arriving call carries.
    pub id: String,
    /// The token that handed over.
    pub maker: String,
    /// The assistant's session; empty for a profile that was stored without one.
    pub session: String,
    /// The extension of the agent.
    pub extension: String,
    /// The agent.
    pub agent: AgentId,
    /// The caller's leg at the carrier.
    pub call_sid: Option<String>,
    /// The assistant's id of the call; the hand-off's own id where it has none.
    pub call_id: Option<String>,
    /// The agent's leg at the carrier.
    pub leg_sid: Option<String>,
    /// What was said and done.
    pub profile: Profile,
    /// The carrier that rings the agent; none if the voice server brings the call itself.
    pub carrier: Option<String>,
    /// Where the caller waits in the domain of the agents' SIP extensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_at: Option<String>,
    /// How far it is.
    pub state: HandoffState,
    /// What went wrong.
    pub message: Option<String>,
    /// The phone call that it was joined to.
    pub call: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: i64,
    /// When it last changed.
    pub changed_ms: i64,
}

impl fmt::Debug for HandoffRow {
    /// Without the caller.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffRow")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl HandoffRow {
    /// The ids of its call.
    pub fn keys(&self) -> CallKeys {
        CallKeys { call_sid: self.call_sid.clone(), call_id: self.call_id.clone() }
    }

    /// Whether a call with these ids is the one that was handed over: each of them is one of its own.
    pub fn is_meant(&self, keys: &CallKeys) -> bool {
        let sids = [&self.call_sid, &self.leg_sid];
        let ids = [self.call_id.as_deref(), Some(self.id.as_str())];
        let sid = keys.call_sid.as_ref().is_none_or(|sid| sids.contains(&&Some(sid.clone())));
        let id = keys.call_id.as_deref().is_none_or(|id| ids.contains(&Some(id)));
        !keys.is_empty() && sid && id
    }

    /// How far it is by now: a request that no one has heard of for long was lost with its process, and a call that the
    /// voice server brings itself and that has not come in time does not come.
    pub fn state_at(&self, now_ms: i64) -> HandoffState {
        let age = now_ms.saturating_sub(self.changed_ms);
        match self.state {
            HandoffState::Asking if age > LONGEST_REQUEST_MS => HandoffState::Unknown,
            HandoffState::Waiting if self.call.is_none() && age >= lasts_ms() => {
                HandoffState::Ended
            }
            state => state,
        }
    }

    /// Whether a call can still turn out to be this one.
    pub fn is_waiting(&self, now_ms: i64) -> bool {
        let age = now_ms.saturating_sub(self.changed_ms);
        self.call.is_none() && !self.state.is_over() && age < lasts_ms()
    }

    /// The ids under which its call may appear: the carrier's, the assistant's, and the reference.
    fn ids(&self) -> impl Iterator<Item = &str> {
        let legs = [&self.call_sid, &self.call_id, &self.leg_sid];
        legs.into_iter().flatten().map(String::as_str).chain([self.id.as_str()])
    }

    /// Whether the call says itself that it is this one: by an id, or by the reference that it carries.
    fn is_named_by(&self, call: &CallState) -> bool {
        let carried = call.uui.as_deref().map(str::trim);
        self.ids().any(|id| carried == Some(id) || call.ids.contains(id))
    }

    /// Whether the call rings the same agent and comes from the same number.
    fn is_like(&self, call: &CallState) -> bool {
        let agent = call.agent.as_ref().is_some_and(|agent| agent.is_same_agent(&self.agent));
        let number = self.profile.phone.as_deref().and_then(key_of);
        let theirs = call.number.as_ref().map(number_key);
        agent && call.direction == Some(Direction::Inbound) && number.is_some() && number == theirs
    }
}

/// What all spellings of a number have in common; `None` for what is no number.
fn key_of(text: &str) -> Option<String> {
    let number = PhoneNumber::from(text);
    number.key().is_some().then(|| number_key(&number))
}

/// The hand-off that a call is by what it says itself, out of those that wait for one.
pub fn named_by<'h>(
    call: &CallState,
    waiting: &'h [HandoffRow],
    now_ms: i64,
) -> Option<&'h HandoffRow> {
    waiting.iter().find(|row| row.is_waiting(now_ms) && row.is_named_by(call))
}

/// The only hand-off that is for the same agent and the same number as a call that names none. `calls` are the agent's
/// other calls that no hand-off has: one that is alike leaves open which of them is meant.
pub fn like<'h>(
    call: &CallState,
    waiting: &'h [HandoffRow],
    calls: &[impl Borrow<CallState>],
    now_ms: i64,
) -> Option<&'h HandoffRow> {
    if call.is_ended() || call.uui.as_deref().is_some_and(|uui| uui.starts_with(REFERENCE)) {
        return None;
    }
    let mut waiting: Vec<_> = waiting.iter().filter(|row| row.is_waiting(now_ms)).collect();
    waiting.retain(|row| row.is_like(call));
    match waiting.as_slice() {
        [one]
            if !calls
                .iter()
                .map(Borrow::borrow)
                .any(|other| one.is_named_by(other) || one.is_like(other)) =>
        {
            Some(*one)
        }
        _ => None,
    }
}

/// How every hand-off's id begins: a call that carries another hand-off's reference is that one's.
pub const REFERENCE: &str = "handoff-";

#[cfg(test)]
mod tests;
