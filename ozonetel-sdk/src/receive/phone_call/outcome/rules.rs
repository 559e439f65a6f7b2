//! Which words make which outcome.

use super::{CallOutcomeKind, RawStatus};
use crate::api::cdr::{CallStatusKind, CallTypeKind, DialStatus, DialStatusKind, HangupByKind};

/// Which calls a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallScope {
    /// All.
    Any,
    /// Calls that came in.
    Inbound,
    /// Calls that were dialled, and those whose type is not known.
    Dialed,
}

/// Whose word a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LegRole {
    /// The customer's leg.
    Customer,
    /// The agent's leg.
    Agent,
    /// The dial.
    Dial,
}

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// It is going on.
    Running,
    /// `Status` is `Answered`.
    Answered,
    /// `Status` says that no one answered, and a leg has a word that is not listed.
    UnansweredOddly,
    /// The word of a leg is one of these.
    Word(LegRole, &'static [DialStatusKind]),
    /// The customer hung up, and no agent's leg has a word.
    LeftAlone,
}

/// A line of the table: the first that fits decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OutcomeRule {
    /// Which calls it is for.
    pub(super) scope: CallScope,
    /// What it looks for.
    pub(super) evidence: Evidence,
    /// What it says.
    pub(super) outcome: CallOutcomeKind,
}

const fn rule(scope: CallScope, evidence: Evidence, outcome: CallOutcomeKind) -> OutcomeRule {
    OutcomeRule { scope, evidence, outcome }
}

pub(super) const RULES: &[OutcomeRule] = {
    use CallOutcomeKind as O;
    use CallScope::{Any, Dialed, Inbound};
    use DialStatusKind as D;
    use Evidence::{Answered, LeftAlone, Running, UnansweredOddly, Word};
    use LegRole::{Agent, Customer, Dial};
    &[
        rule(Any, Running, O::InProgress),
        rule(Any, Answered, O::Completed),
        rule(Any, Word(Dial, &[D::AgentDisconnect]), O::AgentGaveUp),
        rule(Any, Word(Agent, &[D::AgentDisconnect]), O::AgentGaveUp),
        rule(Any, Word(Agent, &[D::UserDisconnect]), O::AbandonedInQueue),
        // Before the customer's own word: no source shows `error` of a dial beside the words of a customer who was rung.
        rule(Any, Word(Dial, &[D::InvalidAgent, D::Error]), O::NoAgent),
        rule(Any, Word(Agent, &[D::InvalidAgent]), O::NoAgent),
        rule(Dialed, Word(Customer, &[D::Busy]), O::Busy),
        rule(Dialed, Word(Customer, &[D::Unreachable]), O::Unreachable),
        rule(Dialed, Word(Customer, &[D::InvalidNumber]), O::WrongNumber),
        rule(Dialed, Word(Customer, &[D::Rejected]), O::Rejected),
        rule(Dialed, Word(Customer, &[D::NetworkError]), O::NetworkError),
        rule(Dialed, Word(Dial, &[D::Busy]), O::Busy),
        rule(Dialed, Word(Dial, &[D::Unreachable]), O::Unreachable),
        rule(Dialed, Word(Dial, &[D::InvalidNumber]), O::WrongNumber),
        rule(Dialed, Word(Dial, &[D::Rejected]), O::Rejected),
        rule(Dialed, Word(Dial, &[D::NetworkError]), O::NetworkError),
        // The call's last word, whether or not an agent was rung before. `UserHangup` beside it does not show that the caller
        // left: it is not evidence that a person hung up.
        rule(Inbound, Word(Dial, &[D::QueueTimeout]), O::Missed),
        rule(
            Any,
            Word(
                Agent,
                &[
                    D::NotAnswered,
                    D::Busy,
                    D::Rejected,
                    D::Unreachable,
                    D::InvalidNumber,
                    D::NetworkError,
                    D::Error,
                ],
            ),
            O::AgentMissed,
        ),
        rule(Dialed, Word(Customer, &[D::NotAnswered]), O::NoAnswer),
        rule(Dialed, Word(Dial, &[D::NotAnswered]), O::NoAnswer),
        rule(Inbound, LeftAlone, O::AbandonedInQueue),
        rule(Inbound, Word(Dial, &[D::NotAnswered]), O::AgentMissed),
        rule(Any, Word(Customer, &[D::NotDialed]), O::NotDialed),
        rule(Any, Word(Agent, &[D::NotDialed]), O::NotDialed),
        rule(Inbound, Word(Customer, &[D::QueueTimeout]), O::Missed),
        rule(Inbound, Word(Agent, &[D::QueueTimeout]), O::Missed),
        rule(Inbound, UnansweredOddly, O::Missed),
    ]
};

impl OutcomeRule {
    /// Whether the rule fits.
    pub(super) fn fits(&self, raw: &RawStatus) -> bool {
        let inbound = raw.call_type.as_ref().is_some_and(|kind| *kind == CallTypeKind::Inbound);
        let in_scope = match self.scope {
            CallScope::Any => true,
            CallScope::Inbound => inbound,
            CallScope::Dialed => !inbound,
        };
        let of = |who| match who {
            LegRole::Customer => &raw.customer,
            LegRole::Agent => &raw.agent,
            LegRole::Dial => &raw.dial,
        };
        let nobody = |word: &Option<DialStatus>| {
            word.as_ref().is_none_or(|word| *word == DialStatusKind::NotDialed)
        };
        let unanswered =
            raw.status.as_ref().is_some_and(|word| *word == CallStatusKind::NotAnswered);
        let by_user = raw.hangup_by.as_ref().is_some_and(|by| *by == HangupByKind::User);
        let odd = |word: &DialStatus| word.kind().is_none();
        in_scope
            && match self.evidence {
                Evidence::Running => raw.running,
                Evidence::Answered => {
                    raw.status.as_ref().is_some_and(|word| *word == CallStatusKind::Answered)
                }
                Evidence::UnansweredOddly => {
                    unanswered
                        && [&raw.dial, &raw.agent, &raw.customer].into_iter().flatten().any(odd)
                }
                Evidence::Word(who, kinds) => of(who)
                    .as_ref()
                    .and_then(DialStatus::kind)
                    .is_some_and(|kind| kinds.contains(&kind)),
                Evidence::LeftAlone => by_user && nobody(&raw.agent),
            }
    }
}
