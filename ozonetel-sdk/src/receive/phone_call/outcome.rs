//! One vocabulary for how a call ended.

use crate::api::cdr::{
    CallRecord, CallStatus, CallStatusKind, CallType, CallTypeKind, DialStatus, DialStatusKind,
    HangupBy, HangupByKind,
};
use crate::receive::push::{CallAction, CallActionKind, CallEvent, Callback, Chain};

/// How a phone call ended.
///
/// ```
/// use ozonetel_sdk::phone_call::CallOutcomeKind;
/// assert_eq!(CallOutcomeKind::AgentMissed.as_str(), "agent_missed");
/// assert!(!CallOutcomeKind::InProgress.is_final());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CallOutcomeKind {
    /// There was a conversation.
    Completed,
    /// It is not over.
    InProgress,
    /// The customer was rung and did not take it.
    NoAnswer,
    /// The customer's line was busy.
    Busy,
    /// The customer's phone is switched off or out of reach.
    Unreachable,
    /// There is no such number.
    WrongNumber,
    /// The customer declined.
    Rejected,
    /// The network failed.
    NetworkError,
    /// An agent was rung and did not take it.
    AgentMissed,
    /// The agent hung up before the customer answered.
    AgentGaveUp,
    /// The caller left before an agent took the call: in the queue, or while an agent's phone rang.
    AbandonedInQueue,
    /// There was no agent to ring.
    NoAgent,
    /// Nobody was dialled.
    NotDialed,
    /// No rule fits: the words are all there is.
    Unknown,
}

impl CallOutcomeKind {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::InProgress => "in_progress",
            Self::NoAnswer => "no_answer",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::WrongNumber => "wrong_number",
            Self::Rejected => "rejected",
            Self::NetworkError => "network_error",
            Self::AgentMissed => "agent_missed",
            Self::AgentGaveUp => "agent_gave_up",
            Self::AbandonedInQueue => "abandoned_in_queue",
            Self::NoAgent => "no_agent",
            Self::NotDialed => "not_dialed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it can still change.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InProgress | Self::Unknown)
    }
}

/// The service's own words on one call or leg, from whichever side they came.
///
/// ```
/// use ozonetel_sdk::cdr::HangupByKind;
/// use ozonetel_sdk::phone_call::{CallOutcome, CallOutcomeKind, Words};
/// let mut words = Words::default();
/// words.call_type = Some("InBound".into());
/// words.hangup_by = Some(HangupByKind::User.into());
/// assert_eq!(CallOutcome::from(words).kind, CallOutcomeKind::AbandonedInQueue);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Words {
    /// Type and with it direction.
    pub call_type: Option<CallType>,
    /// The call's outcome: what counts first.
    pub status: Option<CallStatus>,
    /// How the dial ended.
    pub dial: Option<DialStatus>,
    /// How the customer's leg ended.
    pub customer: Option<DialStatus>,
    /// How the agent's leg ended.
    pub agent: Option<DialStatus>,
    /// Who hung up.
    pub hangup_by: Option<HangupBy>,
    /// Whether it is still going on.
    pub running: bool,
}

/// Which calls a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// All.
    Any,
    /// Calls that came in.
    Inbound,
    /// Calls that were dialled, and those whose type is not known.
    Dialed,
}

/// Whose word a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// The customer's leg.
    Customer,
    /// The agent's leg.
    Agent,
    /// The dial.
    Dial,
}

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sign {
    /// It is going on.
    Running,
    /// `Status` is `Answered`.
    Answered,
    /// The word of a leg is one of these.
    Word(Who, &'static [DialStatusKind]),
    /// The customer hung up, and no agent's leg has a word.
    LeftAlone,
}

/// A line of the table: the first that fits decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Which calls it is for.
    pub way: Way,
    /// What it looks for.
    pub sign: Sign,
    /// What it says.
    pub outcome: CallOutcomeKind,
}

const fn rule(way: Way, sign: Sign, outcome: CallOutcomeKind) -> Rule {
    Rule { way, sign, outcome }
}

/// The table. Read from above; the first line that fits decides, and where none does the outcome is
/// [`Unknown`](CallOutcomeKind::Unknown).
///
/// | calls | sign | outcome |
/// |---|---|---|
/// | all | still going on | in progress |
/// | all | `Status` is `Answered` | completed |
/// | all | dial or agent: `agent_disconnect` | agent gave up |
/// | all | agent: `user_disconnected` | abandoned in queue |
/// | all | dial or agent: `InvalidAgent`; dial: `error` | no agent |
/// | dialled | customer, else dial: `Busy` | busy |
/// | dialled | … `SubcriberAbsent`, `NoRouteDestination` | unreachable |
/// | dialled | … `InvalidNumber`, `InvalidNumberFormat`, `invalid_number` | wrong number |
/// | dialled | … `Rejected` | rejected |
/// | dialled | … `Congestion`, `ISDDisabled`, `exception`, `NetworkOutOfOrder`, `ProtocolError` … | network error |
/// | all | agent: any other failure | agent missed |
/// | dialled | customer, else dial: `not_answered`, `NoResponse`, `NormalUnspecified`, `ring`, `Dialing` … | no answer |
/// | came in | `UserHangup` and no word on an agent | abandoned in queue |
/// | came in | dial: not answered | agent missed |
/// | all | customer or agent: `NotDialed` | not dialed |
///
/// `Status` goes first because the words of the legs may contradict it. `UserHangup` is no evidence on a dialled call:
/// it is also written when the network refused. How long a conversation lasted does not matter here: programs that
/// count short ones as no answer have the durations beside the outcome.
///
/// ```
/// use ozonetel_sdk::phone_call::{CallOutcomeKind, RULES};
/// assert_eq!(RULES[0].outcome, CallOutcomeKind::InProgress);
/// ```
pub const RULES: &[Rule] = {
    use CallOutcomeKind as O;
    use DialStatusKind as D;
    use Sign::{Answered, LeftAlone, Running, Word};
    use Way::{Any, Dialed, Inbound};
    use Who::{Agent, Customer, Dial};
    &[
        rule(Any, Running, O::InProgress),
        rule(Any, Answered, O::Completed),
        rule(Any, Word(Dial, &[D::AgentDisconnect]), O::AgentGaveUp),
        rule(Any, Word(Agent, &[D::AgentDisconnect]), O::AgentGaveUp),
        rule(Any, Word(Agent, &[D::UserDisconnect]), O::AbandonedInQueue),
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
    ]
};

impl Rule {
    /// Whether the rule fits.
    pub fn fits(&self, words: &Words) -> bool {
        let inbound = words.call_type.as_ref().is_some_and(|kind| *kind == CallTypeKind::Inbound);
        let way = match self.way {
            Way::Any => true,
            Way::Inbound => inbound,
            Way::Dialed => !inbound,
        };
        let of = |who| match who {
            Who::Customer => &words.customer,
            Who::Agent => &words.agent,
            Who::Dial => &words.dial,
        };
        let nobody = |word: &Option<DialStatus>| {
            word.as_ref().is_none_or(|word| *word == DialStatusKind::NotDialed)
        };
        way && match self.sign {
            Sign::Running => words.running,
            Sign::Answered => {
                words.status.as_ref().is_some_and(|word| *word == CallStatusKind::Answered)
            }
            Sign::Word(who, kinds) => of(who)
                .as_ref()
                .and_then(DialStatus::kind)
                .is_some_and(|kind| kinds.contains(&kind)),
            Sign::LeftAlone => {
                let user = words.hangup_by.as_ref().is_some_and(|by| *by == HangupByKind::User);
                user && nobody(&words.agent)
            }
        }
    }
}

/// How a phone call ended, with the words that say so.
///
/// ```
/// use ozonetel_sdk::phone_call::{CallOutcome, CallOutcomeKind};
/// use ozonetel_sdk::push::Intake;
/// let body = br#"{"monitorUCID":"90000000000000001","Type":"Manual","Status":"NotAnswered","CustomerStatus":"SubcriberAbsent"}"#;
/// let delivery = Intake::new().callbacks(None, body)?;
/// let outcome = CallOutcome::from(&delivery.items[0]);
/// assert_eq!(outcome.kind, CallOutcomeKind::Unreachable);
/// assert_eq!(outcome.words.customer.unwrap().as_str(), "SubcriberAbsent");
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOutcome {
    /// What it comes down to.
    pub kind: CallOutcomeKind,
    /// The service's words.
    pub words: Words,
}

impl From<Words> for CallOutcome {
    /// Applies the table.
    fn from(words: Words) -> Self {
        let found = RULES.iter().find(|rule| rule.fits(&words));
        Self { kind: found.map_or(CallOutcomeKind::Unknown, |rule| rule.outcome), words }
    }
}

impl From<&Callback> for CallOutcome {
    /// A callback is sent after the call: never in progress. Of a chain the last word counts.
    fn from(call: &Callback) -> Self {
        let last = |chain: &Option<Chain<DialStatus>>| {
            let word = chain.as_ref().and_then(Chain::last).cloned();
            word.filter(|word| !word.as_str().is_empty())
        };
        Self::from(Words {
            call_type: call.kind.clone(),
            status: call.status.clone(),
            dial: last(&call.dial_status),
            customer: call.customer_status.clone(),
            agent: last(&call.agent_status),
            hangup_by: call.hangup_by.clone(),
            running: false,
        })
    }
}

impl From<&CallRecord> for CallOutcome {
    /// A row is one leg. It is in progress while an agent's leg has no `HangupBy`.
    fn from(row: &CallRecord) -> Self {
        Self::from(Words {
            call_type: row.kind.clone(),
            status: row.status.clone(),
            dial: row.dial_status.clone(),
            customer: row.customer_dial_status.clone(),
            agent: row.agent_dial_status.clone(),
            hangup_by: row.hangup_by.clone(),
            running: row.is_agent_leg() && row.hangup_by.is_none(),
        })
    }
}

impl From<&CallEvent> for CallOutcome {
    /// In progress until `Disconnect`; then by its words, where it has any.
    fn from(event: &CallEvent) -> Self {
        let action = event.action.as_ref().and_then(CallAction::kind);
        Self::from(Words {
            call_type: event.call_type.clone(),
            status: event.call_status.clone(),
            dial: event.dial_status.clone(),
            customer: event.customer_status.clone(),
            agent: event.agent_status.clone(),
            hangup_by: event.hangup_by.clone(),
            running: matches!(action, Some(CallActionKind::Calling | CallActionKind::Answered)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Words {
        let mut parts = line.split('/').map(str::trim);
        let mut next = || parts.next().filter(|part| !part.is_empty());
        Words {
            call_type: next().map(Into::into),
            status: next().map(Into::into),
            dial: next().map(Into::into),
            agent: next().map(Into::into),
            customer: next().map(Into::into),
            hangup_by: next().map(Into::into),
            running: false,
        }
    }

    #[test]
    fn the_combinations_of_the_corpus() {
        use CallOutcomeKind as O;
        // Type / Status / DialStatus / agent / customer / HangupBy.
        let cases = [
            ("Manual/Answered/answered/answered/answered/UserHangup", O::Completed),
            ("Manual/Answered/answered/answered/answered/AgentHangup", O::Completed),
            (
                "Manual/Unanswered/NormalUnspecified/answered/NormalUnspecified/UserHangup",
                O::NoAnswer,
            ),
            (
                "Manual/Unanswered/agent_disconnect/answered/not_answered/AgentHangup",
                O::AgentGaveUp,
            ),
            ("InBound/Unanswered/error///", O::NoAgent),
            ("InBound/Unanswered/InvalidAgent///", O::NoAgent),
            ("InBound/Unanswered////SystemHangup", O::Unknown),
            ("InBound/Unanswered////UserHangup", O::AbandonedInQueue),
            (
                "inbound/NotAnswered/not_answered/user_disconnected/answered/UserHangup",
                O::AbandonedInQueue,
            ),
            ("Inbound/Unanswered/not_answered/not_answered/answered/SystemHangup", O::AgentMissed),
            ("Manual/Unanswered/not_answered/not_answered/NotDialed/SystemHangup", O::AgentMissed),
            ("Manual/Unanswered/NoResponse/NoResponse/NotDialed/AgentHangup", O::AgentMissed),
            ("Manual/NotAnswered/Busy/answered/Busy/UserHangup", O::Busy),
            ("Manual/NotAnswered//answered/SubcriberAbsent/UserHangup", O::Unreachable),
            ("Manual/NotAnswered//answered/NoRouteDestination/", O::Unreachable),
            (
                "Manual/Unanswered/InvalidNumberFormat/answered/InvalidNumberFormat/UserHangup",
                O::WrongNumber,
            ),
            ("Progressive/NotAnswered/invalid_number///", O::WrongNumber),
            ("Manual/Unanswered/Rejected/answered/Rejected/UserHangup", O::Rejected),
            (
                "Manual/Unanswered/x/answered/TemporaryFailureAtServiceProvider/UserHangup",
                O::NetworkError,
            ),
            ("Manual/Unanswered/NetworkOutOfOrder/answered//", O::NetworkError),
            ("Manual/Unanswered//answered/Congestion/", O::NetworkError),
            ("Manual/Unanswered/MaxDialTimeExceeded/answered/MaxDialTimeExceeded/", O::NoAnswer),
            ("Progressive/NotAnswered//NotDialed/ring/", O::NoAnswer),
            ("Progressive/NotAnswered//NotDialed/NotDialed/", O::NotDialed),
            ("Manual/NotAnswered/Martian/Martian/Martian/Martian", O::Unknown),
            // Status wins over what the legs say.
            ("Manual/Answered/not_answered/not_answered/Busy/SystemHangup", O::Completed),
            ("", O::Unknown),
        ];
        for (line, want) in cases {
            assert_eq!(CallOutcome::from(words(line)).kind, want, "{line}");
        }
    }

    #[test]
    fn a_row_without_hang_up_is_in_progress_on_an_agents_leg_only() {
        let row = |event: &str, hangup: &str| {
            let json =
                serde_json::json!({"UCID":"1","Event":event,"HangupBy":hangup,"Status":"Answered"});
            CallOutcome::from(&serde_json::from_value::<CallRecord>(json).unwrap()).kind
        };
        for flow in ["AgentDial", "Agent Dials", "Agent+Dials"] {
            assert_eq!(row(flow, ""), CallOutcomeKind::InProgress, "{flow}");
            assert_eq!(row(flow, "UserHangup"), CallOutcomeKind::Completed, "{flow}");
        }
        assert_eq!(row("Queue", ""), CallOutcomeKind::Completed);
    }

    #[test]
    fn every_word_of_a_row_a_push_and_an_event_lands_in_the_same_place() {
        let row = r#"{"Type":"Manual","Status":"Unanswered","DialStatus":"Busy","AgentDialStatus":"answered",
            "CustomerDialStatus":"Busy","HangupBy":"UserHangup"}"#;
        let push = r#"{"Type":"manual","Status":"NotAnswered","DialStatus":"ring -> Busy","AgentStatus":"x -> Answered",
            "CustomerStatus":"Busy","HangupBy":"UserHangup"}"#;
        let event = r#"{"action":"Disconnect","call_type":"Manual","call_status":"NotAnswered","dial_status":"Busy",
            "agent_status":"answered","customer_status":"Busy","hangup_by":"UserHangup"}"#;
        let row = CallOutcome::from(&serde_json::from_str::<CallRecord>(row).unwrap());
        let push = CallOutcome::from(&serde_json::from_str::<Callback>(push).unwrap());
        let event = CallOutcome::from(&serde_json::from_str::<CallEvent>(event).unwrap());
        assert_eq!(row.kind, CallOutcomeKind::Busy);
        assert_eq!((&row, &row), (&push, &event));
        assert_eq!(row.words.status.unwrap().as_str(), "Unanswered");
        assert_eq!(push.words.status.unwrap().as_str(), "NotAnswered");
    }

    #[test]
    fn every_outcome_but_unknown_has_a_rule() {
        use CallOutcomeKind as O;
        for kind in [
            O::Completed,
            O::InProgress,
            O::NoAnswer,
            O::Busy,
            O::Unreachable,
            O::WrongNumber,
            O::Rejected,
            O::NetworkError,
            O::AgentMissed,
            O::AgentGaveUp,
            O::AbandonedInQueue,
            O::NoAgent,
            O::NotDialed,
        ] {
            assert!(RULES.iter().any(|rule| rule.outcome == kind), "{}", kind.as_str());
        }
    }
}
