//! Whether a call may be listened to now.

use serde::Serialize;
use utoipa::ToSchema;

use crate::core::call::{CallPhase, CallState, RecordingState};

/// Whether a call is listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssistWord {
    /// It is.
    On,
    /// Not now: there is no conversation, or its recording is paused.
    Paused,
    /// Not now: the customer is on hold.
    Held,
    /// It may not be.
    Refused,
    /// It is over.
    Ended,
    /// It cannot be.
    Unavailable,
}

/// Whether a call is listened to, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssistState {
    /// Whether it is.
    pub state: AssistWord,
    /// Why not: `notAnswered`, `recordingPaused`, `onHold`, `noConsent`, `noAudio` (none comes from the agent's page),
    /// `cap`, `provider`, `stopping`, `unknown` (the call could not be looked at); `summary` once a call that is over has one.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl AssistState {
    /// It is listened to.
    pub const ON: Self = Self { state: AssistWord::On, reason: None };

    /// It could be, and no audio of it comes.
    pub const NO_AUDIO: Self = Self::off(AssistWord::Paused, "noAudio");

    /// It is not, for a reason.
    pub const fn off(state: AssistWord, reason: &'static str) -> Self {
        Self { state, reason: Some(reason) }
    }

    /// Whether audio is taken.
    pub fn is_on(self) -> bool {
        self.state == AssistWord::On
    }

    /// What a call's record says. Where it is not known whether the customer is on hold, or whether the recording is
    /// paused, it counts as being so.
    pub fn of(call: &CallState, has_consent: bool) -> Self {
        if !has_consent {
            return Self::off(AssistWord::Refused, "noConsent");
        }
        if call.is_ended() {
            return Self { state: AssistWord::Ended, reason: None };
        }
        if call.phase != CallPhase::Active {
            return Self::off(AssistWord::Paused, "notAnswered");
        }
        if call.held != Some(false) {
            return Self::off(AssistWord::Held, "onHold");
        }
        if call.recording.state != RecordingState::On {
            return Self::off(AssistWord::Paused, "recordingPaused");
        }
        Self::ON
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::call::Recording;

    fn talking() -> CallState {
        CallState {
            phase: CallPhase::Active,
            held: Some(false),
            recording: Recording { state: RecordingState::On, ..Recording::default() },
            ..CallState::default()
        }
    }

    #[test]
    fn it_is_listened_only_while_all_is_known_to_be_well() {
        assert_eq!(AssistState::of(&talking(), true), AssistState::ON);
        let why = |call: CallState, consent| AssistState::of(&call, consent).reason;
        assert_eq!(why(talking(), false), Some("noConsent"));
        for held in [Some(true), None] {
            assert_eq!(why(CallState { held, ..talking() }, true), Some("onHold"));
        }
        for state in [RecordingState::Paused, RecordingState::Unknown, RecordingState::Off] {
            let recording = Recording { state, ..Recording::default() };
            assert_eq!(why(CallState { recording, ..talking() }, true), Some("recordingPaused"));
        }
        for phase in [CallPhase::Calling, CallPhase::Ringing] {
            assert_eq!(why(CallState { phase, ..talking() }, true), Some("notAnswered"));
        }
        let over = CallState { ended_ms: Some(1), phase: CallPhase::AfterCall, ..talking() };
        assert_eq!(AssistState::of(&over, true).state, AssistWord::Ended);
    }
}
