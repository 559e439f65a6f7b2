//! One vocabulary for how a call ended.

mod rules;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use rules::RULES;

use crate::api::cdr::{CallRecord, CallStatus, CallType, DialStatus, HangupBy};
use crate::receive::push::callback::Callback;
use crate::receive::push::event::{CallAction, CallActionKind, CallEvent};
use crate::receive::push::per_leg::PerLeg;
use crate::types::invalid::Invalid;

/// How a phone call ended.
///
/// ```
/// use ozonetel_sdk::phone_call::CallOutcomeKind;
/// assert_eq!(CallOutcomeKind::AgentMissed.as_str(), "agent_missed");
/// assert!(!CallOutcomeKind::InProgress.is_final());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// It came in and no one took it: the queue's limit was reached, or the reason is one that no rule knows. The
    /// service's word is in [`CallOutcome::raw`].
    Missed,
    /// No one was dialled.
    NotDialed,
    /// No rule fits: the words are all there is.
    Unknown,
}

impl CallOutcomeKind {
    const ALL: [Self; 15] = [
        Self::Completed,
        Self::InProgress,
        Self::NoAnswer,
        Self::Busy,
        Self::Unreachable,
        Self::WrongNumber,
        Self::Rejected,
        Self::NetworkError,
        Self::AgentMissed,
        Self::AgentGaveUp,
        Self::AbandonedInQueue,
        Self::NoAgent,
        Self::Missed,
        Self::NotDialed,
        Self::Unknown,
    ];

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
            Self::Missed => "missed",
            Self::NotDialed => "not_dialed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it can still change.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InProgress | Self::Unknown)
    }
}

impl fmt::Display for CallOutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CallOutcomeKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let unknown = Invalid::new("outcome", "is not the name of a call's outcome");
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(unknown)
    }
}

/// The service's own words on one call or leg, from whichever side they came.
///
/// ```
/// use ozonetel_sdk::cdr::HangupByKind;
/// use ozonetel_sdk::phone_call::{CallOutcome, CallOutcomeKind, RawStatus};
/// let mut raw = RawStatus::default();
/// raw.call_type = Some("InBound".into());
/// raw.hangup_by = Some(HangupByKind::User.into());
/// assert_eq!(CallOutcome::from(raw).kind, CallOutcomeKind::AbandonedInQueue);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RawStatus {
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

/// How a phone call ended, with the service's words for it.
///
/// The words are looked up in this table from top to bottom. The first line that fits decides; where none does, the
/// outcome is [`Unknown`](CallOutcomeKind::Unknown).
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
/// | came in | dial: `QTimeExceeded` | missed |
/// | all | agent: any other failure | agent missed |
/// | dialled | customer, else dial: `not_answered`, `NoResponse`, `NormalUnspecified`, `ring`, `Dialing` … | no answer |
/// | came in | `UserHangup` and no word on an agent | abandoned in queue |
/// | came in | dial: not answered | agent missed |
/// | all | customer or agent: `NotDialed` | not dialed |
/// | came in | customer or agent: `QTimeExceeded` | missed |
/// | came in | not answered, and a word that is not listed | missed |
///
/// `Status` goes first because the words of the legs may contradict it. `UserHangup` proves nothing on a dialled call:
/// it is also written when the network refused. How long a conversation lasted does not matter here: programs that
/// count short ones as no answer have the durations beside the outcome.
///
/// ```
/// use ozonetel_sdk::phone_call::{CallOutcome, CallOutcomeKind};
/// use ozonetel_sdk::push::PushReader;
/// let body = br#"{"monitorUCID":"90000000000000001","Type":"Manual","Status":"NotAnswered","CustomerStatus":"SubcriberAbsent"}"#;
/// let push = PushReader::new().callbacks(None, body)?;
/// let outcome = CallOutcome::from(&push.items[0]);
/// assert_eq!(outcome.kind, CallOutcomeKind::Unreachable);
/// assert_eq!(outcome.raw.customer.unwrap().as_str(), "SubcriberAbsent");
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallOutcome {
    /// What it comes down to.
    pub kind: CallOutcomeKind,
    /// The service's words.
    pub raw: RawStatus,
}

impl From<RawStatus> for CallOutcome {
    /// Applies the table.
    fn from(raw: RawStatus) -> Self {
        let found = RULES.iter().find(|rule| rule.fits(&raw));
        Self { kind: found.map_or(CallOutcomeKind::Unknown, |rule| rule.outcome), raw }
    }
}

impl From<&Callback> for CallOutcome {
    /// A callback is sent after the call: never in progress. Of a chain the last word counts.
    fn from(call: &Callback) -> Self {
        let last = |chain: &Option<PerLeg<DialStatus>>| {
            let word = chain.as_ref().and_then(PerLeg::last).cloned();
            word.filter(|word| !word.as_str().is_empty())
        };
        Self::from(RawStatus {
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
        Self::from(RawStatus {
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
        Self::from(RawStatus {
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

    fn words(line: &str) -> RawStatus {
        let mut parts = line.split('/').map(str::trim);
        let mut next = || parts.next().filter(|part| !part.is_empty());
        RawStatus {
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
            ("Inbound/NotAnswered/QTimeExceeded///SystemHangup", O::Missed),
            ("Inbound/NotAnswered/QTimeExceeded/NotDialed//SystemHangup", O::Missed),
            ("Inbound/NotAnswered/QTimeExceeded/NoResponse//SystemHangup", O::Missed),
            ("Inbound/Unanswered/Martian///", O::Missed),
            ("Inbound/Answered/QTimeExceeded///", O::Completed),
            ("Inbound/NotAnswered/QTimeExceeded///UserHangup", O::Missed),
            ("Inbound/NotAnswered/QTimeExceeded/NoResponse//UserHangup", O::Missed),
            ("Inbound//QTimeExceeded///", O::Missed),
            ("Inbound/NotAnswered///QTimeExceeded/SystemHangup", O::Missed),
            ("Inbound/NotAnswered//QTimeExceeded//SystemHangup", O::Missed),
            ("Inbound/NotAnswered/failed/NoResponse//SystemHangup", O::AgentMissed),
            ("Inbound/NotAnswered/failed///UserHangup", O::AbandonedInQueue),
            ("Inbound/NotAnswered/failed///SystemHangup", O::Missed),
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
        assert_eq!(row.raw.status.unwrap().as_str(), "Unanswered");
        assert_eq!(push.raw.status.unwrap().as_str(), "NotAnswered");
    }

    #[test]
    fn every_outcome_but_unknown_has_a_rule() {
        use CallOutcomeKind as O;
        for kind in O::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
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
            O::Missed,
            O::NotDialed,
        ] {
            assert!(RULES.iter().any(|rule| rule.outcome == kind), "{}", kind.as_str());
        }
    }
}
