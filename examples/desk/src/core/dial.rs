//! The dial ledger: what a dial's row says, when another dial may go out, and what settles one of unknown outcome.
//!
//! A row is written before anything is sent. Whatever happens to the process afterwards, the row says so, and no dial
//! is sent twice.

use std::fmt;

use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName, PhoneNumber, Ucid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How long agent and number stand for a key where the request has none.
pub const IMPLICIT_KEY_MS: i64 = 60_000;

/// After how long an accepted dial of which nothing was seen blocks its agent no longer. The service refuses a dial of
/// an agent who is busy.
pub const QUIET_MS: i64 = 60_000;

/// After how long without news a call that was seen blocks its agent no longer.
pub const LONGEST_SILENCE_MS: i64 = 4 * 3_600_000;

/// Where a dial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialState {
    /// The row is written; the request may be on its way.
    Sending,
    /// The service took it.
    Accepted,
    /// The service refused it as things are.
    Refused,
    /// It cannot work as it is.
    Invalid,
    /// Nothing left this machine.
    NotSent,
    /// It may have happened.
    Unknown,
    /// It was unknown, and happened.
    SettledHappened,
    /// It was unknown, and did not happen.
    SettledNotHappened,
}

impl DialState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Sending,
        Self::Accepted,
        Self::Refused,
        Self::Invalid,
        Self::NotSent,
        Self::Unknown,
        Self::SettledHappened,
        Self::SettledNotHappened,
    ];

    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
            Self::SettledHappened => "settled_happened",
            Self::SettledNotHappened => "settled_not_happened",
        }
    }

    /// The state of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether no one was rung, for certain.
    pub fn rang_no_one(self) -> bool {
        matches!(self, Self::Refused | Self::Invalid | Self::NotSent | Self::SettledNotHappened)
    }

    /// Whether someone was, for certain.
    pub fn happened(self) -> bool {
        matches!(self, Self::Accepted | Self::SettledHappened)
    }

    /// Whether it is not known.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown)
    }
}

/// How a dial goes. Never two ways for one dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialWay {
    /// `AgentManualDial`.
    #[default]
    Agent,
    /// `tbManualDial` over the agent's socket.
    Socket,
    /// KooKoo rings the customer, and then the agent into a conference.
    Kookoo,
}

impl DialWay {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Socket => "socket",
            Self::Kookoo => "kookoo",
        }
    }

    /// The setting to look at where a dial was accepted and the agent's phone does not ring.
    pub fn invite_setting(self) -> &'static str {
        match self {
            // The other way may be the one that rings the browser.
            Self::Agent => "DESK_DIAL",
            Self::Socket => "DESK_AGENT_SOCKET",
            // Where the agent is rung is in the agent's link.
            Self::Kookoo => "extension",
        }
    }

    /// The way of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Agent, Self::Socket, Self::Kookoo].into_iter().find(|way| way.as_str() == name)
    }
}

/// An answer that was given to a request, to be given again.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct GivenAnswer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: AnswerBody,
}

/// The body of an answer: nearly always a message and nothing else, which is kept as small as that.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Value", untagged)]
pub enum AnswerBody {
    /// `{"message": …}`.
    Message {
        /// The sentence.
        message: String,
    },
    /// Any other.
    Document(Value),
}

impl From<Value> for AnswerBody {
    fn from(body: Value) -> Self {
        match body.as_object().filter(|fields| fields.len() == 1).and(body["message"].as_str()) {
            Some(message) => Self::Message { message: message.to_owned() },
            None => Self::Document(body),
        }
    }
}

impl AnswerBody {
    /// Its message; empty if it has none.
    pub fn message(&self) -> &str {
        match self {
            Self::Message { message } => message,
            Self::Document(body) => body["message"].as_str().unwrap_or_default(),
        }
    }

    /// The whole of it.
    pub fn document(&self) -> Value {
        match self {
            Self::Message { message } => json!({"message": message}),
            Self::Document(body) => body.clone(),
        }
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerBody")
    }
}

impl fmt::Debug for GivenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GivenAnswer({})", self.status)
    }
}

/// A row of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct DialEntry {
    /// Its id.
    pub id: String,
    /// Who asked.
    pub user: String,
    /// The request's key; one of the desk's own where the request had none.
    pub key: String,
    /// Whether the request had a key.
    pub is_explicit: bool,
    /// A fingerprint of what was asked for.
    pub body_hash: String,
    /// The agent.
    pub agent: AgentId,
    /// The customer, as asked for.
    pub number: PhoneNumber,
    /// What all spellings of the number have in common.
    pub number_key: String,
    /// The campaign.
    pub campaign: Option<CampaignName>,
    /// The DID.
    pub did: Option<Did>,
    /// The phone name of the agent's number, as the request named it.
    pub phone_name: Option<PhoneName>,
    /// How it goes.
    pub way: DialWay,
    /// Where it is.
    pub state: DialState,
    /// What is sent along, to find the call by.
    pub reference: String,
    /// The leg, once it is known.
    pub ucid: Option<Ucid>,
    /// What the request was answered.
    pub answer: Option<GivenAnswer>,
    /// When it was asked for.
    pub asked_ms: i64,
    /// When the outcome was known, or known to be unknown.
    pub decided_ms: Option<i64>,
    /// Who settled it, and why, where a person did.
    pub settled_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether it keeps its agent from being dialled for again.
    pub is_open: bool,
}

/// How much earlier or later than its dial a call may seem to begin: two machines' clocks.
pub const CLOCKS_MS: i64 = 60_000;

/// A call that may be what became of a dial without a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenCall {
    /// Whether it was dialled.
    pub is_outbound: bool,
    /// Whether it was to the dial's number.
    pub is_same_number: bool,
    /// When it began.
    pub began_ms: Option<i64>,
}

impl DialEntry {
    /// Whether a call of the dial's agent is what became of the dial: only for a dial that carries no reference, and
    /// whose leg is not known.
    pub fn is_seen_as(&self, call: SeenCall) -> bool {
        self.way == DialWay::Socket
            && self.ucid.is_none()
            && call.is_outbound
            && call.is_same_number
            && call.began_ms.is_some_and(|began| self.may_have_begun(began))
    }

    /// Whether a call that began then may be this dial's.
    pub fn may_have_begun(&self, began_ms: i64) -> bool {
        let until = self.decided_ms.unwrap_or(self.asked_ms).saturating_add(CLOCKS_MS);
        (self.asked_ms.saturating_sub(CLOCKS_MS)..=until).contains(&began_ms)
    }
}

/// A missed call of the number that is dialled, which no one has called back yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenMissed {
    /// Which agent has claimed it, where the claim still holds.
    pub claimed_by: Option<String>,
}

/// What a dial does to the missed call of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DialClaim {
    /// There is none to call back.
    #[default]
    None,
    /// It is claimed for the agent, who had not claimed it.
    Takes,
    /// The agent's claim is renewed.
    Renews,
}

/// What keeps a dial from going out that was not asked for before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialBar {
    /// The agent is in a call.
    InCall,
    /// Another agent has claimed the number's missed call.
    Claimed {
        /// That agent.
        by: String,
    },
}

/// What the ledger holds that matters to a new dial.
#[derive(Debug, Clone, Default)]
pub struct LedgerView {
    /// The row with the same user and key.
    pub same_key: Option<DialEntry>,
    /// The latest row of the same agent and number without a key.
    pub same_number: Option<DialEntry>,
    /// The open row of the agent.
    pub open: Option<DialEntry>,
    /// When the open row's call was last heard of, apart from its dial's reply.
    pub open_heard_ms: Option<i64>,
    /// How the agent's dials go, where the agent has a way of their own.
    pub way: Option<DialWay>,
    /// The phone name of the agent's number, where the agent's link has one.
    pub phone_name: Option<PhoneName>,
    /// When the conversation that the agent is in was last heard of, apart from a dial's reply.
    pub talking_ms: Option<i64>,
    /// The missed call of the number, where someone still has to call back.
    pub missed: Option<OpenMissed>,
}

/// What becomes of a request to dial.
#[derive(Debug, Clone, PartialEq)]
pub enum DialDecision {
    /// It may be written down and sent. An open row that blocks no longer is closed first.
    Place {
        /// That row.
        close: Option<String>,
        /// How it goes.
        way: DialWay,
        /// The phone name of the agent's number: the one that was asked for, else that of the agent's link.
        phone_name: Option<PhoneName>,
        /// What it does to the missed call of its number.
        claim: DialClaim,
    },
    /// It was asked for before and has an answer.
    Replay(Box<DialEntry>),
    /// It was asked for before and is going on.
    UnderWay(Box<DialEntry>),
    /// The key was used for something else.
    OtherBody(Box<DialEntry>),
    /// The agent has an open dial.
    AgentBusy(Box<DialEntry>),
    /// Something else is in its way.
    Barred(DialBar),
}

/// Whether an open row still keeps its agent from being dialled for.
pub fn blocks(open: &DialEntry, heard_ms: Option<i64>, now_ms: i64) -> bool {
    if !open.is_open {
        return false;
    }
    if open.state.is_undecided() {
        return true;
    }
    let decided = open.decided_ms.unwrap_or(open.asked_ms);
    match heard_ms {
        Some(heard) => now_ms.saturating_sub(heard) < LONGEST_SILENCE_MS,
        None => now_ms.saturating_sub(decided) < QUIET_MS,
    }
}

/// Whether agent and number are used up as a key by this row: for a minute, or until it is settled, whichever is
/// later. A dial that rang no one blocks nothing.
fn holds_number(row: &DialEntry, now_ms: i64) -> bool {
    if row.state.rang_no_one() {
        return false;
    }
    row.state.is_undecided() || now_ms.saturating_sub(row.asked_ms) < IMPLICIT_KEY_MS
}

fn repeated(row: DialEntry) -> DialDecision {
    if row.answer.is_some() {
        DialDecision::Replay(Box::new(row))
    } else {
        DialDecision::UnderWay(Box::new(row))
    }
}

/// Decides about a request to dial.
pub fn decide(new: &DialEntry, ledger: LedgerView, now_ms: i64) -> DialDecision {
    if let Some(row) = ledger.same_key {
        if row.body_hash != new.body_hash {
            return DialDecision::OtherBody(Box::new(row));
        }
        return repeated(row);
    }
    if !new.is_explicit
        && let Some(row) = ledger.same_number.filter(|row| holds_number(row, now_ms))
    {
        if row.body_hash != new.body_hash {
            return DialDecision::OtherBody(Box::new(row));
        }
        return repeated(row);
    }
    let way = ledger.way.unwrap_or(new.way);
    let phone_name = new.phone_name.clone().or(ledger.phone_name);
    if let Some(open) = &ledger.open
        && blocks(open, ledger.open_heard_ms, now_ms)
    {
        return DialDecision::AgentBusy(Box::new(open.clone()));
    }
    if ledger.talking_ms.is_some_and(|heard| now_ms.saturating_sub(heard) < LONGEST_SILENCE_MS) {
        return DialDecision::Barred(DialBar::InCall);
    }
    let claim = match ledger.missed {
        None => DialClaim::None,
        Some(OpenMissed { claimed_by: None }) => DialClaim::Takes,
        Some(OpenMissed { claimed_by: Some(by) })
            if new.agent.is_same_agent(&by.as_str().into()) =>
        {
            DialClaim::Renews
        }
        Some(OpenMissed { claimed_by: Some(by) }) => {
            return DialDecision::Barred(DialBar::Claimed { by });
        }
    };
    DialDecision::Place { close: ledger.open.map(|open| open.id), way, phone_name, claim }
}

/// What is found out about a dial after it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialEvidence {
    /// Something that the service sent carries the dial's reference: push, socket or row.
    Seen {
        /// The leg.
        ucid: Option<Ucid>,
    },
    /// The report was complete and has no row with the reference.
    NotInReport,
    /// The service refused it, in a reply that came late.
    Refused,
    /// A supervisor has decided.
    Decided {
        /// Whether it happened.
        happened: bool,
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// The process ended while it was being sent: unknown, unless its call was seen before that.
    Restarted,
}

/// The row after a piece of evidence; `None` where it changes nothing. That something was seen outweighs everything
/// else, whenever it comes.
pub fn settle(row: &DialEntry, evidence: &DialEvidence, now_ms: i64) -> Option<DialEntry> {
    let settled = |state: DialState, is_open: bool| DialEntry {
        state,
        is_open,
        decided_ms: Some(now_ms),
        answer: None,
        ..row.clone()
    };
    match evidence {
        DialEvidence::Seen { ucid } => match row.state {
            DialState::Unknown | DialState::SettledNotHappened => {
                let ucid = ucid.or(row.ucid);
                Some(DialEntry { ucid, ..settled(DialState::SettledHappened, row.is_open) })
            }
            DialState::Sending | DialState::Accepted | DialState::SettledHappened
                if row.ucid.is_none() && ucid.is_some() =>
            {
                Some(DialEntry { ucid: *ucid, ..row.clone() })
            }
            _ => None,
        },
        DialEvidence::NotInReport | DialEvidence::Refused => {
            (row.state == DialState::Unknown).then(|| settled(DialState::SettledNotHappened, false))
        }
        DialEvidence::Decided { happened, by, reason } => {
            let state =
                if *happened { DialState::SettledHappened } else { DialState::SettledNotHappened };
            // Whoever says that it happened says that it is over as far as the ledger is concerned.
            (row.state == DialState::Unknown).then(|| DialEntry {
                settled_by: Some(by.clone()),
                reason: Some(reason.clone()),
                ..settled(state, false)
            })
        }
        // A row that names its call while it is being sent has it from what was seen of the call.
        DialEvidence::Restarted => (row.state == DialState::Sending).then(|| {
            let was_seen = row.ucid.is_some();
            settled(if was_seen { DialState::SettledHappened } else { DialState::Unknown }, true)
        }),
    }
}

/// The rule by which number keys are made. Who changes what [`number_key`] answers raises it: a store's keys are then
/// made anew, and a desk of the rule before is refused.
pub const NUMBER_KEY_RULE: i64 = 1;

/// What all spellings of a number have in common, as text; the text itself where it is no number.
pub fn number_key(number: &PhoneNumber) -> String {
    let key = number.key();
    if let Some(digits) = key.as_ref().and_then(|key| key.indian_digits()) {
        return ["91", digits].concat();
    }
    let text = key.map(|key| key.to_canonical().trim_start_matches(['+', '0']).to_owned());
    text.unwrap_or_else(|| number.as_str().trim().to_owned())
}

#[cfg(test)]
mod tests;
