//! The sides from which a phone call is seen.

use serde::{Deserialize, Serialize};

use crate::api::cdr::CallRecord;
use crate::api::dial::Dialed;
use crate::receive::push::callback::Callback;
use crate::receive::push::event::{CallEvent, EventBody, PushEvent};
use crate::receive::push::payload::encode;
use crate::receive::push::screen_pop::ScreenPop;
use crate::types::ids::{CallId, Did, Ucid};
use crate::types::phone::PhoneNumber;
use crate::types::wire::SensitiveText;

/// What an INVITE says: the leg, the caller, the number called. Any header may be missing, the UCID excepted.
///
/// ```
/// use ozonetel_sdk::phone_call::Invite;
/// let invite = Invite::new("90000000000000009".parse()?).caller("09000000001").did("918000000001");
/// assert!(!format!("{invite:?}").contains("9000000001"));
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Invite {
    /// The leg: `X-UCID`.
    pub ucid: Ucid,
    /// The caller: `X-CALLERNO`.
    pub caller: Option<PhoneNumber>,
    /// The number called: `X-DID`.
    pub did: Option<Did>,
    /// `X-UUI`.
    pub uui: Option<SensitiveText>,
}

impl Invite {
    /// An INVITE for a leg.
    pub fn new(ucid: Ucid) -> Self {
        Self { ucid, caller: None, did: None, uui: None }
    }

    /// The caller.
    pub fn caller(mut self, caller: impl Into<PhoneNumber>) -> Self {
        self.caller = Some(caller.into());
        self
    }

    /// The number called.
    pub fn did(mut self, did: impl Into<Did>) -> Self {
        self.did = Some(did.into());
        self
    }

    /// The UUI.
    pub fn uui(mut self, uui: impl Into<SensitiveText>) -> Self {
        self.uui = Some(uui.into());
        self
    }
}

/// What the reply to an accepted dial says: the leg, which on dialled calls is the call; and what the request said.
///
/// ```
/// use ozonetel_sdk::phone_call::DialReply;
/// let reply = DialReply::new("90000000000000001".parse()?).customer("9000000001").uui("order 7");
/// assert_eq!(reply.ucid.as_str(), "90000000000000001");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DialReply {
    /// The leg.
    pub ucid: Ucid,
    /// The customer who was dialled.
    pub customer: Option<PhoneNumber>,
    /// The request's reference.
    pub uui: Option<SensitiveText>,
}

impl DialReply {
    /// The reply to a dial.
    pub fn new(ucid: Ucid) -> Self {
        Self { ucid, customer: None, uui: None }
    }

    /// The customer who was dialled.
    pub fn customer(mut self, customer: impl Into<PhoneNumber>) -> Self {
        self.customer = Some(customer.into());
        self
    }

    /// The request's reference.
    pub fn uui(mut self, uui: impl Into<SensitiveText>) -> Self {
        self.uui = Some(uui.into());
        self
    }

    /// From the reply to a dial.
    pub fn of(reply: &Dialed) -> Self {
        Self::new(reply.ucid())
    }
}

/// One part of a phone call, as it was seen from one side.
///
/// ```
/// use ozonetel_sdk::phone_call::{DialReply, CallObservation};
/// let look = CallObservation::from(DialReply::new("90000000000000001".parse()?));
/// assert!(look.ucid().is_some() && look.call_id().is_none());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CallObservation {
    /// The reply to a dial.
    Dial(DialReply),
    /// A SIP leg.
    Invite(Invite),
    /// A screen pop.
    Pop(Box<ScreenPop>),
    /// A call event.
    Event(Box<CallEvent>),
    /// The callback after the call.
    Callback(Box<Callback>),
    /// A row of the CDR.
    Row(Box<CallRecord>),
    /// Something that is about no call, such as an agent event.
    Unrelated,
}

impl CallObservation {
    /// The leg, where it is named.
    pub fn ucid(&self) -> Option<Ucid> {
        match self {
            Self::Dial(dial) => Some(dial.ucid),
            Self::Invite(invite) => Some(invite.ucid),
            Self::Pop(pop) => pop.ucid,
            Self::Event(event) => event.ucid,
            Self::Row(row) => row.ucid,
            Self::Callback(_) | Self::Unrelated => None,
        }
    }

    /// The phone call, where it is named.
    pub fn call_id(&self) -> Option<CallId> {
        match self {
            Self::Pop(pop) => pop.call_id,
            Self::Event(event) => event.call_id,
            Self::Row(row) => row.call_id,
            Self::Callback(callback) => callback.call_id,
            Self::Dial(_) | Self::Invite(_) | Self::Unrelated => None,
        }
    }
}

impl From<DialReply> for CallObservation {
    fn from(dial: DialReply) -> Self {
        Self::Dial(dial)
    }
}

impl From<Invite> for CallObservation {
    fn from(invite: Invite) -> Self {
        Self::Invite(invite)
    }
}

impl From<ScreenPop> for CallObservation {
    fn from(pop: ScreenPop) -> Self {
        Self::Pop(Box::new(pop))
    }
}

impl From<CallEvent> for CallObservation {
    fn from(event: CallEvent) -> Self {
        Self::Event(Box::new(event))
    }
}

impl From<PushEvent> for CallObservation {
    /// An event that does not say when it happened has the time at which it was pushed.
    fn from(event: PushEvent) -> Self {
        let happened_at = event.happened_at();
        match event.what {
            EventBody::Call(mut call) => {
                call.event_time = happened_at;
                Self::Event(call)
            }
            _ => Self::Unrelated,
        }
    }
}

impl From<Callback> for CallObservation {
    fn from(callback: Callback) -> Self {
        Self::Callback(Box::new(callback))
    }
}

impl From<CallRecord> for CallObservation {
    fn from(row: CallRecord) -> Self {
        Self::Row(Box::new(row))
    }
}

/// How many fields are there, and what they say.
pub(super) fn written<T: Serialize>(value: &T) -> (usize, String) {
    let fields = encode(value);
    (fields.len(), serde_json::Value::Object(fields).to_string())
}
