//! What a check saw: answers with stand-ins in place of what is personal, and how the SDK read them.

use ozonetel_sdk::endpoint::{ALL, Spec};
use ozonetel_sdk::testing::record::RecordedExchange;
use ozonetel_sdk::types::LocalDateTime;
use ozonetel_sdk::{Error, ErrorKind, Reason};
use serde_json::Value;

/// What a request of the check was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckStep {
    MissedAll,
    /// A range that ends before the first abandoned call.
    MissedRange,
    MissedCampaign,
    SummaryAll,
    SummaryAgent,
    SummaryMode,
    /// The first page of today, of one row.
    CdrPage,
    CdrYesterday,
    AhtAgent,
    AhtCampaign,
    AgentDetails,
    PhoneNumber,
    Login,
    LoginStatus,
    Logout,
    Dial,
    Hold,
    Unhold,
    Pause,
    Unpause,
    HangUp,
    Dispose,
    DisposeAgain,
    /// The call's own row of the CDR.
    CdrCall,
}

impl CheckStep {
    /// The endpoint that is asked.
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::MissedAll | Self::MissedRange | Self::MissedCampaign => "missed.fetch",
            Self::SummaryAll | Self::SummaryAgent | Self::SummaryMode => "summary.fetch",
            Self::CdrPage => "cdr.fetch_page",
            Self::CdrYesterday => "cdr.fetch_day",
            Self::AhtAgent => "aht.agent",
            Self::AhtCampaign => "aht.campaign",
            Self::AgentDetails => "agents.details",
            Self::PhoneNumber => "phone_numbers.get",
            Self::Login => "agents.login",
            Self::LoginStatus => "agents.login_status",
            Self::Logout => "agents.logout",
            Self::Dial => "dial.agent",
            Self::Hold => "call_control.hold",
            Self::Unhold => "call_control.unhold",
            Self::Pause => "recording.pause",
            Self::Unpause => "recording.unpause",
            Self::HangUp => "call_control.kick",
            Self::Dispose | Self::DisposeAgain => "disposition.set",
            Self::CdrCall => "cdr.fetch_ucid",
        }
    }

    /// The endpoint's description.
    pub(crate) fn spec(self) -> Option<&'static Spec> {
        ALL.iter().find(|spec| spec.name == self.endpoint())
    }
}

/// How the SDK read an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AnswerReading {
    Done,
    /// Read, but without what was asked for.
    Bare,
    Refused(Reason),
    /// A status that is not a success.
    Status(u16),
    Unreadable,
}

impl AnswerReading {
    /// How an error is read; `None` where no answer came.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        Some(match error.kind() {
            ErrorKind::Refused => Self::Refused(error.reason()?),
            ErrorKind::Status => Self::Status(error.status()?.as_u16()),
            ErrorKind::Unreadable => Self::Unreadable,
            _ => return None,
        })
    }
}

/// One request with its answer.
#[derive(Debug, Clone)]
pub(crate) struct ObservedAnswer {
    pub(crate) step: CheckStep,
    pub(crate) reading: AnswerReading,
    /// The answer's body; `Null` if it is not JSON.
    pub(crate) body: Value,
}

impl ObservedAnswer {
    pub(crate) fn new(
        step: CheckStep,
        reading: AnswerReading,
        exchange: Option<&RecordedExchange>,
    ) -> Self {
        let answer = exchange.and_then(|exchange| exchange.answer.as_ref());
        let body = answer.and_then(|answer| serde_json::from_slice(&answer.body).ok());
        Self { step, reading, body: body.unwrap_or_default() }
    }

    /// The rows under the first of these names.
    pub(crate) fn rows(&self, names: &[&str]) -> Vec<&Value> {
        match names.iter().find_map(|name| self.body.get(name)) {
            Some(Value::Array(rows)) => rows.iter().collect(),
            Some(row @ Value::Object(_)) => vec![row],
            _ => Vec::new(),
        }
    }

    /// The service's sentence, wherever it is.
    pub(crate) fn text(&self) -> &str {
        let names = ["message", "details", "Message", "messages", "msg"];
        let found = names.iter().find_map(|name| self.body.get(name)?.as_str());
        found.unwrap_or_default()
    }

    /// How it was answered, for a report.
    pub(crate) fn told(&self) -> String {
        match &self.reading {
            AnswerReading::Done | AnswerReading::Bare => "a success".to_owned(),
            AnswerReading::Refused(_) => format!("refused: {}", self.text()),
            AnswerReading::Status(status) => format!("answered {status}"),
            AnswerReading::Unreadable => format!("an answer that cannot be read, {}", self.shape()),
        }
    }

    /// The names in the answer, not the values.
    pub(crate) fn shape(&self) -> String {
        match &self.body {
            Value::Object(fields) => {
                let name = |(name, value): (&String, &Value)| match value {
                    Value::Object(inner) => {
                        let inner: Vec<String> = inner.keys().take(8).cloned().collect();
                        format!("{name} {{{}}}", inner.join(", "))
                    }
                    Value::Array(rows) => format!("{name} [{}]", rows.len()),
                    _ => name.clone(),
                };
                let names: Vec<String> = fields.iter().take(12).map(name).collect();
                format!("with {}", names.join(", "))
            }
            Value::Array(rows) => format!("a list of {}", rows.len()),
            Value::Null => "which is not JSON".to_owned(),
            _ => "a bare value".to_owned(),
        }
    }
}

/// The agent socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ObservedSocket {
    /// Whether it had a session.
    pub(crate) up: bool,
    /// The names in the first token that arrived.
    pub(crate) names: Vec<String>,
}

/// Everything that a check saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    pub(crate) answers: Vec<ObservedAnswer>,
    pub(crate) socket: Option<ObservedSocket>,
    /// Whether the agent's softphone rang in the browser.
    pub(crate) rang: Option<bool>,
    /// When the call was dialled, by our clock in the account's zone.
    pub(crate) placed: Option<LocalDateTime>,
    /// The text of a used-up limit that was met.
    pub(crate) limit: Option<String>,
    /// Whether requests carry a token where they would carry the key.
    pub(crate) by_token: bool,
}

impl Evidence {
    /// The last answer to a step.
    pub(crate) fn of(&self, step: CheckStep) -> Option<&ObservedAnswer> {
        self.answers.iter().rev().find(|answer| answer.step == step)
    }
}
