//! What commands come down to.

use ozonetel_sdk::types::{AgentId, PhoneNumber};

use super::Fold;
use crate::core::call::state::{ParticipantState, RecordingState};
use crate::core::fact::{Action, ActionFact, ActionOutcome};

impl Fold {
    pub(super) fn acted(&mut self, acted: &ActionFact, at: i64) {
        let to = |wanted: bool, known: Option<bool>| match acted.outcome {
            ActionOutcome::Done => Some(wanted),
            ActionOutcome::Unknown if known != Some(wanted) => None,
            _ => known,
        };
        if !acted.agent.as_str().is_empty() {
            self.last.get_or_insert_with(|| acted.agent.clone());
        }
        self.state.transfer = self.state.transfer.after(&acted.action, acted.outcome);
        match &acted.action {
            Action::Hold => {
                self.state.held = to(true, self.state.held);
                // No customer is held who is not there.
                if acted.outcome == ActionOutcome::Done {
                    self.there_is_a_conversation(&acted.agent, at);
                }
            }
            Action::Unhold => self.state.held = to(false, self.state.held),
            Action::Mute => self.state.muted = to(true, self.state.muted),
            Action::Unmute => self.state.muted = to(false, self.state.muted),
            Action::PauseRecording => self.recording(RecordingState::Paused, acted.outcome, at),
            Action::ResumeRecording => {
                self.resume_tried = true;
                self.recording(RecordingState::On, acted.outcome, at);
            }
            Action::Conference(number) | Action::Transfer { number, .. } => {
                self.third(&acted.agent, number, acted.outcome, at);
            }
            Action::Kick(number) if acted.outcome == ActionOutcome::Done => {
                self.kicked(&acted.agent, number, at);
            }
            Action::CompleteTransfer if acted.outcome == ActionOutcome::Done => {
                self.state.transferred = true;
                self.leaves(&acted.agent, at);
            }
            Action::CancelTransfer if acted.outcome == ActionOutcome::Done => {
                if let Some(number) = self.state.transfer.number.clone() {
                    self.kicked(&acted.agent, &number, at);
                }
            }
            Action::End if acted.outcome == ActionOutcome::Done => {
                self.leaves(&acted.agent, at);
            }
            Action::Dispose(said) => self.said.by(acted, said, at),
            Action::Appointment { id, stands: true } => {
                self.state.appointments.insert(id.clone());
            }
            Action::Appointment { id, stands: false } => {
                self.state.appointments.remove(id);
            }
            Action::Deliver { target, state, is_over } => {
                self.said.delivered(
                    &acted.agent,
                    (target.as_str(), state.as_str()),
                    is_over.then_some(at),
                );
            }
            _ => {}
        }
    }

    fn recording(&mut self, wanted: RecordingState, outcome: ActionOutcome, at: i64) {
        let paused = wanted == RecordingState::Paused;
        match outcome {
            ActionOutcome::Done => self.paused = Some(wanted),
            ActionOutcome::Unknown => self.paused = Some(RecordingState::Unknown),
            // A failed command changes nothing.
            ActionOutcome::Failed => return,
        }
        self.resume_tried &= !paused;
        self.state.recording.paused_ms = paused.then_some(at);
    }

    fn third(&mut self, by: &AgentId, number: &PhoneNumber, outcome: ActionOutcome, at: i64) {
        let state = match outcome {
            ActionOutcome::Done => {
                self.there_is_a_conversation(by, at);
                ParticipantState::Ringing
            }
            ActionOutcome::Unknown => {
                self.asking = Some(by.clone());
                ParticipantState::NotConfirmed
            }
            ActionOutcome::Failed => return,
        };
        match self.thirds.iter_mut().find(|(known, ..)| known.is_same_number(number)) {
            Some(known) => (known.1, known.2) = (state, at),
            None => self.thirds.push((number.clone(), state, at)),
        }
    }

    fn kicked(&mut self, by: &AgentId, number: &PhoneNumber, at: i64) {
        if self.thirds.iter().any(|(known, ..)| known.is_same_number(number)) {
            self.third_left(number);
        } else if self.phone.caller().is_some_and(|caller| caller.is_same_number(number)) {
            self.customer_kicked = true;
        } else {
            // Neither the customer nor someone who was rung into the call: the agent's own number.
            self.leaves(by, at);
        }
    }
}
