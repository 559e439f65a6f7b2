//! Facts: what was seen of a phone call, each with its source, as it was received.
//!
//! A fact is stored before anything is made of it. Facts have an order of their own, so that it does not matter when
//! they arrive: by the time they speak of, then by how much their source knows, then by how far the call has come, then
//! by their key.

mod kookoo;
mod received;

use std::cmp::Ordering;
use std::fmt;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::mdl::CallPush;
use ozonetel_sdk::phone_call::{CallObservation, DialReply, Invite};
use ozonetel_sdk::push::{CallAction, CallActionKind, CallEvent, Callback};
use ozonetel_sdk::types::{
    AgentId, CallId, CampaignName, Did, DispositionName, PhoneName, PhoneNumber, SensitiveText,
    Ucid,
};
use serde::{Deserialize, Serialize};

use super::dial::DialWay;

pub use kookoo::{KookooFact, KookooLeg, KookooNews};
pub use received::{believed, millis};

/// Where a fact comes from, the least telling first: of two facts about one moment, the later of this list is applied
/// last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactSource {
    /// The reply to a dial of this desk.
    Dial,
    /// An INVITE, as the tab that owns the phone saw it.
    Invite,
    /// What became of the SIP leg in that tab.
    Phone,
    /// A command of an agent or a supervisor, with its outcome.
    Action,
    /// The agent socket.
    Socket,
    /// What KooKoo asks the desk, or reports.
    Kookoo,
    /// The event subscription.
    Event,
    /// The callback after the call.
    Callback,
    /// A row of the call-detail records.
    Cdr,
    /// Time that has passed without something happening.
    Time,
}

impl FactSource {
    const ALL: [Self; 10] = [
        Self::Dial,
        Self::Invite,
        Self::Phone,
        Self::Action,
        Self::Socket,
        Self::Kookoo,
        Self::Event,
        Self::Callback,
        Self::Cdr,
        Self::Time,
    ];

    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Invite => "invite",
            Self::Phone => "phone",
            Self::Action => "action",
            Self::Socket => "socket",
            Self::Kookoo => "kookoo",
            Self::Event => "event",
            Self::Callback => "callback",
            Self::Cdr => "cdr",
            Self::Time => "time",
        }
    }

    /// Whether its facts are known by digests of what they say.
    pub fn keys_are_digests(self) -> bool {
        matches!(self, Self::Socket | Self::Event | Self::Callback | Self::Cdr)
    }

    /// The source of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == name)
    }
}

/// One thing that was seen of a call.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Where it comes from.
    pub source: FactSource,
    /// What it is known by at its source: the same fact delivered again has the same key.
    pub key: String,
    /// When it was received, in milliseconds since 1970.
    pub at_ms: i64,
    /// The time that it speaks of, where it says one: of what is told after the call, its end.
    pub said_ms: Option<i64>,
    /// When the call or leg began, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ms: Option<i64>,
    /// What it says.
    pub body: FactBody,
}

impl fmt::Debug for Fact {
    /// The source only: facts hold numbers and notes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Fact");
        out.field("source", &self.source).field("at_ms", &self.at_ms).finish_non_exhaustive()
    }
}

/// What a fact says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "data")]
pub enum FactBody {
    /// A dial was accepted, or found to have happened.
    Dialed(Box<DialedFact>),
    /// A softphone was rung.
    Invited {
        /// Whose softphone.
        agent: AgentId,
        /// The INVITE's headers.
        invite: Invite,
        /// What the desk answered.
        decision: String,
    },
    /// News of a SIP leg.
    Leg {
        /// The leg.
        ucid: Ucid,
        /// Whose softphone.
        agent: AgentId,
        /// What became of it.
        news: LegNews,
    },
    /// A push of the agent socket about a call.
    Pushed {
        /// Whose socket.
        agent: AgentId,
        /// What it says of the call.
        news: SocketNews,
        /// The push.
        push: Box<CallPush>,
    },
    /// A leg of a call over KooKoo: what KooKoo asked or reported, or that the leg was asked for.
    Kookoo(Box<KookooFact>),
    /// A call event.
    Event(Box<CallEvent>),
    /// The callback after the call.
    Callback(Box<Callback>),
    /// A row of the call-detail records.
    Row(Box<CallRecord>),
    /// A command and its outcome.
    Acted(Box<ActionFact>),
    /// Time passed without news.
    Elapsed {
        /// The leg.
        ucid: Ucid,
        /// What did not happen.
        missing: MissingNews,
    },
}

/// An accepted dial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialedFact {
    /// The leg, which on dialled calls is the call.
    pub ucid: Ucid,
    /// The row of the dial ledger.
    pub dial: String,
    /// The agent.
    pub agent: AgentId,
    /// The customer.
    pub number: PhoneNumber,
    /// The reference that was sent along.
    pub reference: String,
    /// The campaign.
    pub campaign: Option<CampaignName>,
    /// The DID that was chosen.
    pub did: Option<Did>,
    /// The phone name of the agent's number, where the request named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_name: Option<PhoneName>,
    /// How it went.
    #[serde(default)]
    pub way: DialWay,
}

/// What became of a SIP leg in a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegNews {
    /// It is up.
    Answered,
    /// One side hung up.
    Ended,
    /// It died with its page or its network: no one hung up.
    Lost,
    /// It is up and the microphone is gone.
    DeviceLost,
}

/// What the agent socket says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketNews {
    /// `busyAgent`: answered.
    Answered,
    /// `dropCall`: an offered call ended unanswered.
    Dropped,
}

/// What did not happen in the time it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingNews {
    /// No INVITE came after a dial was accepted.
    Invite,
}

/// A command on a call, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionFact {
    /// The leg, or the call's id where only that is known.
    pub ucid: Ucid,
    /// Who asked for it.
    pub by: String,
    /// The agent whose call it is.
    pub agent: AgentId,
    /// The command.
    pub action: Action,
    /// How it ended.
    pub outcome: ActionOutcome,
}

/// A command on a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action", content = "with")]
pub enum Action {
    /// Puts the customer on hold.
    Hold,
    /// Takes the customer off hold.
    Unhold,
    /// Mutes the agent.
    Mute,
    /// Unmutes the agent.
    Unmute,
    /// Pauses the recording.
    PauseRecording,
    /// Resumes the recording.
    ResumeRecording,
    /// Rings another party into the call.
    Conference(PhoneNumber),
    /// Drops a party.
    Kick(PhoneNumber),
    /// Ends the call.
    End,
    /// Rings the agent's own phone into the call again.
    Reconnect,
    /// Begins a transfer.
    Transfer {
        /// Where to.
        number: PhoneNumber,
        /// Whether the agent stays until it is completed.
        warm: bool,
    },
    /// The agent leaves; the third party stays.
    CompleteTransfer,
    /// The third party is dropped; the agent stays.
    CancelTransfer,
    /// Sets the disposition. Its delivery is the outbox's.
    Dispose(Box<DisposeAction>),
    /// An appointment came of the call, or it was moved or cancelled.
    Appointment {
        /// The appointment.
        id: String,
        /// Whether it was not cancelled.
        stands: bool,
    },
    /// The disposition reached a target, or never will.
    Deliver {
        /// `service` or `platform`.
        target: String,
        /// The outbox row's state.
        state: String,
        /// The service set it at once: the call is over.
        #[serde(default)]
        is_over: bool,
    },
}

/// What an agent said about a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisposeAction {
    /// The front end's own code.
    pub code: String,
    /// The account's disposition that it was mapped to.
    pub disposition: DispositionName,
    /// Notes.
    pub notes: Option<SensitiveText>,
    /// The front end's lead.
    pub lead: Option<String>,
    /// How long the front end says the call took.
    pub duration_sec: Option<u32>,
    /// `inbound` or `outbound`, as the front end says.
    pub direction: Option<String>,
    /// Who the front end says the customer is.
    pub caller: Option<PhoneNumber>,
    /// When to call back, in milliseconds since 1970.
    pub call_back_ms: Option<i64>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionOutcome {
    /// The service took it.
    Done,
    /// It may have happened.
    Unknown,
    /// It did not happen.
    Failed,
}

impl Fact {
    /// The time that it is about: what it says, else when it was received.
    pub fn when_ms(&self) -> i64 {
        self.said_ms.unwrap_or(self.at_ms)
    }

    /// When a row or callback says that the call was answered.
    pub fn answered_ms(&self) -> Option<i64> {
        let after = match &self.body {
            FactBody::Row(row) if row.is_answered() => row.time_to_answer,
            FactBody::Callback(callback) if callback.is_answered() => callback.time_to_answer,
            _ => None,
        };
        self.began_ms.zip(after).map(|(began, after)| began + i64::from(after.seconds()) * 1000)
    }

    /// The leg, where it names one.
    pub fn ucid(&self) -> Option<Ucid> {
        match &self.body {
            FactBody::Dialed(dialed) => Some(dialed.ucid),
            FactBody::Invited { invite, .. } => Some(invite.ucid),
            FactBody::Leg { ucid, .. } | FactBody::Elapsed { ucid, .. } => Some(*ucid),
            FactBody::Pushed { push, .. } => push.ucid,
            FactBody::Kookoo(leg) => Some(leg.ucid),
            FactBody::Event(event) => event.ucid,
            FactBody::Row(row) => row.ucid,
            FactBody::Acted(acted) => Some(acted.ucid),
            FactBody::Callback(_) => None,
        }
    }

    /// The phone call, where it names it.
    pub fn call_id(&self) -> Option<CallId> {
        match &self.body {
            FactBody::Event(event) => event.call_id,
            FactBody::Row(row) => row.call_id,
            FactBody::Callback(callback) => callback.call_id,
            _ => None,
        }
    }

    /// Every id that it names, as text: the leg's and the call's.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.ucid().iter().map(ToString::to_string).collect();
        ids.extend(self.call_id().iter().map(ToString::to_string));
        if let FactBody::Kookoo(leg) = &self.body {
            ids.extend(leg.sid.iter().map(ToString::to_string));
        }
        ids.dedup();
        ids
    }

    /// Every agent that it names.
    pub fn agents(&self) -> Vec<AgentId> {
        let mut agents = match &self.body {
            FactBody::Dialed(dialed) => vec![dialed.agent.clone()],
            FactBody::Invited { agent, .. }
            | FactBody::Leg { agent, .. }
            | FactBody::Pushed { agent, .. } => vec![agent.clone()],
            FactBody::Event(event) => event.agent().cloned().into_iter().collect(),
            FactBody::Kookoo(leg) => vec![leg.agent.clone()],
            FactBody::Row(row) => row.agent_id.clone().into_iter().collect(),
            FactBody::Acted(acted) => vec![acted.agent.clone()],
            FactBody::Callback(callback) => {
                callback.legs().legs.into_iter().filter_map(|leg| leg.agent_id).collect()
            }
            FactBody::Elapsed { .. } => Vec::new(),
        };
        agents.retain(|agent| !matches!(agent.as_str().trim(), "" | "0"));
        agents
    }

    /// The same as the SDK's record of a call takes it; `None` for what only the desk knows.
    pub fn observation(&self) -> Option<CallObservation> {
        match &self.body {
            FactBody::Dialed(dialed) => Some(
                DialReply::new(dialed.ucid)
                    .customer(dialed.number.clone())
                    .uui(dialed.reference.as_str())
                    .into(),
            ),
            FactBody::Invited { invite, .. } => Some(invite.clone().into()),
            FactBody::Event(event) => Some(event.as_ref().clone().into()),
            FactBody::Callback(callback) => Some(callback.as_ref().clone().into()),
            FactBody::Row(row) => Some(row.as_ref().clone().into()),
            FactBody::Leg { .. }
            | FactBody::Kookoo(_)
            | FactBody::Pushed { .. }
            | FactBody::Acted(_)
            | FactBody::Elapsed { .. } => None,
        }
    }

    /// The order in which facts are applied.
    pub fn order(&self, other: &Self) -> Ordering {
        let rank = |fact: &Self| (fact.when_ms(), fact.source, fact.progress());
        rank(self).cmp(&rank(other)).then_with(|| self.key.cmp(&other.key))
    }

    /// How far an event says that its leg has come. Events bear whole seconds, and a call may be declined in the second
    /// in which it rang.
    fn progress(&self) -> u8 {
        let FactBody::Event(event) = &self.body else { return 0 };
        match event.action.as_ref().and_then(CallAction::kind) {
            Some(CallActionKind::Calling) => 0,
            Some(CallActionKind::Answered) => 1,
            Some(CallActionKind::Disconnect) => 3,
            // A word that is not known may be of any time between.
            _ => 2,
        }
    }

    /// Whether both are one fact: the same key at the same source.
    pub fn is_same(&self, other: &Self) -> bool {
        self.source == other.source && self.key == other.key
    }
}
