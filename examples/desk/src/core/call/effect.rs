//! What has to happen because a call changed.

use std::sync::Arc;

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
    /// The call is over, or its agent has handed it on: the dial that made it blocks that agent no longer.
    ReleaseDial {
        /// The row of the ledger.
        dial: String,
    },
}

/// What has to happen when calls turn out to be one, in this state: a promise that was made of one of them was made.
pub fn effects_of_merged(
    before: &CallState,
    absorbed: &[Arc<CallState>],
    after: &CallState,
) -> Vec<Effect> {
    let mut effects = effects(before, after);
    let is_made = |agent: &AgentId| {
        let mut known = absorbed.iter().flat_map(|other| other.words());
        after.word_of(agent).is_some_and(|given| known.any(|known| is_known(known, given)))
    };
    effects.retain(|effect| !matches!(effect, Effect::CallBack { agent, .. } if is_made(agent)));
    effects
}

/// What has to happen when a call comes from one state into another. Each appears once, whatever the order in which
/// facts arrive: it depends on what has become true, not on what was received.
pub(super) fn effects(before: &CallState, after: &CallState) -> Vec<Effect> {
    let mut effects = Vec::new();
    let inbound = after.direction == Some(Direction::Inbound);
    if let Some(agent) = &after.agent
        && inbound
        && after.phase == CallPhase::Ringing
        && !(before.phase == CallPhase::Ringing && is_same(before.agent.as_ref(), agent))
    {
        effects.push(Effect::Popup { agent: agent.clone() });
    }
    if after.recording.resume_owed
        && !before.recording.resume_owed
        && let Some(leg) = after.leg
    {
        effects.push(Effect::ResumeRecording { leg });
    }
    for given in after.words().filter(|given| !before.words().any(|known| is_known(known, given))) {
        if let Some(due_ms) = given.said.call_back_ms.or_else(|| wants_call(given)) {
            effects.push(Effect::CallBack { agent: given.agent.clone(), due_ms });
        }
    }
    if let Some((dial, _)) = &after.dial
        && after.is_done_with_dial()
        && !(before.is_done_with_dial() && before.dial.is_some())
    {
        effects.push(Effect::ReleaseDial { dial: dial.clone() });
    }
    effects
}

fn is_same(known: Option<&AgentId>, agent: &AgentId) -> bool {
    known.is_some_and(|known| known.is_same_agent(agent))
}

/// Whether both are one agent's word.
fn is_known(known: &DispositionState, given: &DispositionState) -> bool {
    known.said == given.said && known.agent.is_same_agent(&given.agent)
}

/// A customer who wants to be called back and named no time is due at once: on no list, no one would call.
fn wants_call(given: &DispositionState) -> Option<i64> {
    given.said.code.trim().eq_ignore_ascii_case(CALLBACK).then_some(given.at_ms)
}
