//! What has to happen because a call changed.

use ozonetel_sdk::types::{AgentId, Ucid};

use super::state::{CallPhase, CallState, Direction};

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
    if let Some((dial, _)) = &after.dial
        && after.is_ended()
        && !(before.is_ended() && before.dial.is_some())
    {
        effects.push(Effect::ReleaseDial { dial: dial.clone() });
    }
    effects
}
