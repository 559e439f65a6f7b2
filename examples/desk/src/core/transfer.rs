//! A transfer: a conference, and then the agent or the third party is dropped out of it.
//!
//! The service has no transfer of its own. Each step can fail and is never repeated; what is left after a failure is
//! a conference with everyone in it, and the agent chooses: complete, or cancel.

use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fact::{Action, ActionOutcome};

/// Where a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferStep {
    /// There is none.
    #[default]
    None,
    /// The third party was rung into the call; the agent is still there.
    Consulting,
    /// It may have been rung: nothing has confirmed it.
    NotConfirmed,
    /// The agent has left; the third party has the customer.
    Completed,
    /// The agent may have left.
    CompletionNotConfirmed,
    /// The third party was dropped, or has left.
    Cancelled,
    /// The third party was not rung.
    Failed,
}

/// The transfer of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Transfer {
    /// Where it is.
    pub step: TransferStep,
    /// Whom it is to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<PhoneNumber>,
    /// Whether the agent stays until it is completed.
    pub warm: bool,
}

/// What a transfer asks of the service next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferCommand {
    /// Ring the third party into the call.
    Conference(PhoneNumber),
    /// Drop the agent.
    KickAgent,
    /// Drop the third party.
    KickThird(PhoneNumber),
}

impl Transfer {
    /// Whether the third party is, or may be, in the call with the agent.
    pub fn is_open(&self) -> bool {
        matches!(
            self.step,
            TransferStep::Consulting
                | TransferStep::NotConfirmed
                | TransferStep::CompletionNotConfirmed
        )
    }

    /// Whether the customer was handed over.
    pub fn is_completed(&self) -> bool {
        self.step == TransferStep::Completed
    }

    /// What a command asks of the service first; `None` where it does not fit.
    pub fn begin(&self, action: &Action) -> Option<TransferCommand> {
        match action {
            Action::Transfer { number, .. } if !self.is_open() && !self.is_completed() => {
                Some(TransferCommand::Conference(number.clone()))
            }
            Action::CompleteTransfer if self.is_open() => Some(TransferCommand::KickAgent),
            Action::CancelTransfer if self.is_open() => {
                self.number.clone().map(TransferCommand::KickThird)
            }
            _ => None,
        }
    }

    /// What follows a step that ended so: a cold transfer drops the agent once the third party was certainly rung,
    /// and never when that is not known.
    pub fn follow(&self) -> Option<TransferCommand> {
        (self.step == TransferStep::Consulting && !self.warm).then_some(TransferCommand::KickAgent)
    }

    /// The transfer after a command and its outcome. Commands that are no part of one change nothing.
    #[must_use]
    pub fn after(&self, action: &Action, outcome: ActionOutcome) -> Self {
        let step = match (action, outcome) {
            (Action::Transfer { .. }, ActionOutcome::Done) => TransferStep::Consulting,
            (Action::Transfer { .. }, ActionOutcome::Unknown) => TransferStep::NotConfirmed,
            (Action::Transfer { .. }, ActionOutcome::Failed) => TransferStep::Failed,
            (Action::CompleteTransfer, ActionOutcome::Done) if self.number.is_some() => {
                TransferStep::Completed
            }
            (Action::CompleteTransfer, ActionOutcome::Unknown) if self.number.is_some() => {
                TransferStep::CompletionNotConfirmed
            }
            (Action::CancelTransfer, ActionOutcome::Done) if self.number.is_some() => {
                TransferStep::Cancelled
            }
            _ => return self.clone(),
        };
        match action {
            Action::Transfer { number, warm } => {
                Self { step, number: Some(number.clone()), warm: *warm }
            }
            _ => Self { step, ..self.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ActionOutcome::{Done, Failed, Unknown};

    fn third() -> PhoneNumber {
        PhoneNumber::from("9000000002")
    }

    fn transfer(warm: bool) -> Action {
        Action::Transfer { number: third(), warm }
    }

    #[test]
    fn each_step_and_outcome_leads_where_it_has_to() {
        use Action::{CancelTransfer, CompleteTransfer};
        for (steps, want) in [
            (vec![(transfer(true), Done)], TransferStep::Consulting),
            (vec![(transfer(true), Unknown)], TransferStep::NotConfirmed),
            (vec![(transfer(true), Failed)], TransferStep::Failed),
            (vec![(transfer(true), Done), (CompleteTransfer, Done)], TransferStep::Completed),
            (vec![(transfer(true), Done), (CompleteTransfer, Failed)], TransferStep::Consulting),
            (
                vec![(transfer(true), Done), (CompleteTransfer, Unknown)],
                TransferStep::CompletionNotConfirmed,
            ),
            (vec![(transfer(true), Done), (CancelTransfer, Done)], TransferStep::Cancelled),
            (vec![(transfer(true), Done), (CancelTransfer, Failed)], TransferStep::Consulting),
            (vec![(transfer(true), Unknown), (CancelTransfer, Done)], TransferStep::Cancelled),
            (vec![(CompleteTransfer, Done)], TransferStep::None),
            (vec![(Action::Hold, Done)], TransferStep::None),
        ] {
            let end = steps.iter().fold(Transfer::default(), |state, (action, outcome)| {
                state.after(action, *outcome)
            });
            assert_eq!(end.step, want, "{steps:?}");
        }
    }

    #[test]
    fn a_cold_transfer_drops_the_agent_only_after_a_sure_conference() {
        for (warm, outcome, want) in [
            (false, Done, Some(TransferCommand::KickAgent)),
            (false, Unknown, None),
            (false, Failed, None),
            (true, Done, None),
        ] {
            let state = Transfer::default().after(&transfer(warm), outcome);
            assert_eq!(state.follow(), want, "{warm} {outcome:?}");
        }
    }

    #[test]
    fn what_was_not_confirmed_can_be_cancelled_and_is_not_rung_again() {
        let open = Transfer::default().after(&transfer(true), Unknown);
        assert_eq!(open.begin(&transfer(true)), None);
        let cancel = open.begin(&Action::CancelTransfer);
        assert_eq!(cancel, Some(TransferCommand::KickThird(third())));
        let failed = Transfer::default().after(&transfer(true), Failed);
        let again = failed.begin(&transfer(true));
        assert_eq!(again, Some(TransferCommand::Conference(third())));
        assert_eq!(Transfer::default().begin(&Action::CancelTransfer), None);
    }
}
