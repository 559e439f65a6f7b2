//! What has to happen because a call changed.

use ozonetel_sdk::types::{AgentId, DispositionName, PhoneNumber, Ucid};

use super::state::{CallPhase, CallState, Direction};

/// Something that has to happen because a call changed: written in the same transaction as the change.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Who watches the call is told.
    Tell,
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
    /// A customer called and no one took it.
    RaiseMissed {
        /// Who called.
        number: PhoneNumber,
        /// When it ended.
        at_ms: i64,
    },
    /// There was a conversation with this number: a missed call of it is answered.
    CloseMissed {
        /// The number.
        number: PhoneNumber,
        /// When it began.
        at_ms: i64,
    },
    /// The call carries a reference: the dial that sent it has happened.
    SettleDial {
        /// The reference.
        reference: String,
        /// The leg.
        ucid: Option<Ucid>,
    },
    /// The call is over: the dial that made it blocks its agent no longer.
    ReleaseDial {
        /// The row of the ledger.
        dial: String,
    },
    /// The service has a disposition of its own for the call.
    ServiceDisposed {
        /// Its name.
        name: DispositionName,
    },
}

/// What has to happen when a call comes from one state into another. Each appears once, whatever the order in which
/// facts arrive: it depends on what has become true, not on what was received.
pub fn effects(before: &CallState, after: &CallState) -> Vec<Effect> {
    let mut effects = Vec::new();
    if before != after {
        effects.push(Effect::Tell);
    }
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
    let missed = |state: &CallState| {
        state.direction == Some(Direction::Inbound) && state.is_ended() && !state.is_answered()
    };
    if let (Some(number), Some(at_ms)) = (&after.number, after.ended_ms)
        && missed(after)
        && !(missed(before) && before.number.is_some())
    {
        effects.push(Effect::RaiseMissed { number: number.clone(), at_ms });
    }
    if let (Some(number), Some(at_ms)) = (&after.number, after.answered_ms)
        && (before.answered_ms.is_none() || before.number.is_none())
    {
        effects.push(Effect::CloseMissed { number: number.clone(), at_ms });
    }
    if let Some(reference) = &after.uui
        && (before.uui != after.uui || before.leg.is_none())
    {
        effects.push(Effect::SettleDial { reference: reference.clone(), ucid: after.leg });
    }
    if let Some((dial, _)) = &after.dial
        && after.is_ended()
        && !(before.is_ended() && before.dial.is_some())
    {
        effects.push(Effect::ReleaseDial { dial: dial.clone() });
    }
    if let Some(name) = &after.service_disposition
        && before.service_disposition != after.service_disposition
    {
        effects.push(Effect::ServiceDisposed { name: name.clone() });
    }
    effects
}
