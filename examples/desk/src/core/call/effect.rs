//! What has to happen because a call changed.

use ozonetel_sdk::types::{AgentId, Ucid};

use super::state::{CallPhase, CallState, Direction, DispositionState};
use crate::core::disposition::CALLBACK;

/// Something that has to happen because a call changed: written in the same transaction as the change.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// An agent is shown who calls.
    Popup {
        /// The agent.
        agent: AgentId,
    },
    /// The recording was paused when the call ended.
    ResumeRecording {
        /// The leg.
        leg: Ucid,
    },
    /// The customer is to be called back.
    CallBack {
        /// Whose call it was.
        agent: AgentId,
        /// When, in milliseconds since 1970.
        due_ms: i64,
    },
    /// The call is over: the dial that made it blocks its agent no longer.
    ReleaseDial {
        /// The row of the ledger.
        dial: String,
    },
}

/// What has to happen when a call comes from one state into another. Each appears once, whatever the order in which
/// facts arrive: it depends on what has become true, not on what was received.
pub fn effects(before: &CallState, after: &CallState) -> Vec<Effect> {
    let mut effects = Vec::new();
    let inbound = after.direction == Some(Direction::Inbound);
    if let Some(agent) = &after.agent
        && inbound
        && after.phase == CallPhase::Ringing
        && (before.phase != CallPhase::Ringing || before.agent != after.agent)
    {
        effects.push(Effect::Popup { agent: agent.clone() });
    }
    if after.recording.resume_owed
        && !before.recording.resume_owed
        && let Some(leg) = after.leg
    {
        effects.push(Effect::ResumeRecording { leg });
    }
    if let Some(given) = &after.disposition
        && before.disposition.as_ref().is_none_or(|known| known.said != given.said)
        && let Some(due_ms) = given.said.call_back_ms.or_else(|| wants_call(given))
    {
        effects.push(Effect::CallBack { agent: given.agent.clone(), due_ms });
    }
    if let Some((dial, _)) = &after.dial
        && after.is_ended()
        && !(before.is_ended() && before.dial.is_some())
    {
        effects.push(Effect::ReleaseDial { dial: dial.clone() });
    }
    effects
}

/// A customer who wants to be called back and named no time is due at once: on no list, no one would call.
fn wants_call(given: &DispositionState) -> Option<i64> {
    given.said.code.trim().eq_ignore_ascii_case(CALLBACK).then_some(given.at_ms)
}
