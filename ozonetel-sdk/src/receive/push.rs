//! What the service sends: the callback after a call, events, the screen pop.
//!
//! Parsers over bytes. Nothing here listens, answers or stores; with the feature `axum` there is an extractor,
//! [`extract`]. What a receiver has to know:
//!
//! - **The callback carries the account's key in clear.** It is taken out of everything before anything else is read;
//!   it can be compared ([`Parcel::key_is`], [`verify`]) and not be printed or stored.
//! - Nothing is signed. See [`verify`] for what can be checked.
//! - The console checks a URL with GET or HEAD when it is saved, and pings without any call id arrive from time to time:
//!   answer 200 and drop them. They are counted in [`Delivery::pings`].
//! - Repeats happen, also two at once. Upsert by call id, or let [`PhoneCalls`](crate::receive::phone_call::PhoneCalls) merge.
//! - No retry is documented. Store [`Delivery::parcel`], answer 200, work later.
//! - `Duration` is the conversation in a callback and the whole call in a CDR row and in an event.
//! - A callback names the phone call ([`CallId`](crate::types::ids::CallId)); a leg ([`Ucid`](crate::types::ids::Ucid)) it never
//!   names. On dialled calls the two are equal, on inbound calls never.
//!
//! ```
//! use ozonetel_sdk::push::Intake;
//! // What the service posts: a form with one field, `data`, that holds JSON text.
//! let body = b"data=%7B%22monitorUCID%22%3A%2290000000000000001%22%2C%22Status%22%3A%22Answered%22%2C\
//!     %22Duration%22%3A%2200%3A00%3A23%22%2C%22Apikey%22%3A%22test-key%22%7D";
//! let delivery = Intake::new().callbacks(None, body)?;
//! for call in &delivery.items {
//!     assert!(call.is_answered());
//!     assert_eq!(call.duration.unwrap().seconds(), 23);
//! }
//! assert!(!delivery.parcel.to_json().contains("test-key"));
//! # Ok::<(), ozonetel_sdk::push::PushError>(())
//! ```

mod callback;
mod chain;
mod error;
mod event;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod extract;
mod parcel;
mod screen_pop;
pub mod verify;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use callback::{Callback, Leg, Legs};
pub use chain::Chain;
pub use error::{PushError, PushErrorKind};
pub use event::{
    AgentAction, AgentActionKind, AgentEvent, CallAction, CallActionKind, CallEvent, Event,
    EventHead, EventType, EventTypeKind, Occurred,
};
pub use parcel::{Limits, Parcel};
pub use screen_pop::ScreenPop;

use parcel::Form;
use verify::Verifier;

/// How pushes are read: the limits, and the proof that is asked for. Cheap to clone.
///
/// ```
/// use ozonetel_sdk::push::{Intake, Limits};
/// use ozonetel_sdk::push::verify::Verifier;
/// let intake = Intake::new()
///     .limits(Limits { bytes: 64 * 1024, ..Limits::default() })
///     .verifier(Verifier::url("code", "a-long-secret")?);
/// assert!(intake.events(None, br#"{"eventType":"Call","data":{"action":"Calling"}}"#).is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Intake {
    limits: Limits,
    verifier: Option<Arc<Verifier>>,
}

impl Intake {
    /// Default limits, no proof.
    pub fn new() -> Self {
        Self::default()
    }

    /// Other limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Asks every push for a proof; pings excepted.
    pub fn verifier(mut self, verifier: Verifier) -> Self {
        self.verifier = Some(Arc::new(verifier));
        self
    }

    /// How many bytes of a body are read.
    pub fn body_limit(&self) -> usize {
        self.limits.bytes
    }

    /// Opens a push without reading its fields or asking for a proof: what can be stored.
    ///
    /// # Errors
    /// [`PushErrorKind::TooLarge`], [`TooMany`](PushErrorKind::TooMany), [`TooDeep`](PushErrorKind::TooDeep),
    /// [`Syntax`](PushErrorKind::Syntax), [`Shape`](PushErrorKind::Shape).
    ///
    /// ```
    /// use ozonetel_sdk::push::Intake;
    /// let parcel = Intake::new().open(None, b"Apikey=test-key&Status=Answered")?;
    /// assert_eq!(parcel.to_json(), r#"[{"Status":"Answered"}]"#);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn open(&self, query: Option<&str>, body: &[u8]) -> Result<Parcel, PushError> {
        self.open_as(query, body, Form::Wrapped)
    }

    fn open_as(&self, query: Option<&str>, body: &[u8], form: Form) -> Result<Parcel, PushError> {
        let hidden = self.verifier.as_deref().and_then(Verifier::hidden);
        Parcel::read(query, body, form, &self.limits, hidden)
    }

    /// Reads a push of type `T`: the body, or the query where there is no body. Both are given as they came.
    ///
    /// One object of a list that does not read does not lose the others: see [`Delivery::failed`].
    ///
    /// # Errors
    /// As [`open`](Self::open); [`PushErrorKind::Proof`] when the proof is missing or wrong; and
    /// [`PushErrorKind::Field`] when nothing of the delivery reads.
    pub fn read<T: Payload>(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Delivery<T>, PushError> {
        let form = if T::FLAT { Form::Flat } else { Form::Wrapped };
        let parcel = self.open_as(query, body, form)?;
        let pings = parcel.objects().filter(|fields| T::is_ping(fields)).count();
        let mut delivery = Delivery { items: Vec::new(), failed: Vec::new(), pings, parcel };
        if delivery.parcel.len() == pings {
            return Ok(delivery);
        }
        if let Some(verifier) = &self.verifier {
            verifier.check(query, &delivery.parcel)?;
        }
        let many = delivery.parcel.len() > 1;
        for (at, fields) in delivery.parcel.objects().enumerate() {
            if T::is_ping(fields) {
                continue;
            }
            match T::from_fields(fields.clone()) {
                Ok(item) => delivery.items.push(item),
                Err(error) => delivery.failed.push(if many { error.at(at) } else { error }),
            }
        }
        match delivery.failed.first() {
            Some(error) if delivery.items.is_empty() => Err(error.clone()),
            _ => Ok(delivery),
        }
    }

    /// Reads the post-call callback: a form with the field `data`, a list, a JSON body, flat fields, or a GET query.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn callbacks(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Delivery<Callback>, PushError> {
        self.read(query, body)
    }

    /// Reads call events and agent events.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn events(&self, query: Option<&str>, body: &[u8]) -> Result<Delivery<Event>, PushError> {
        self.read(query, body)
    }

    /// Reads a screen pop, from its query or from JSON.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn screen_pops(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Delivery<ScreenPop>, PushError> {
        self.read(query, body)
    }
}

/// What one request brought.
///
/// ```
/// use ozonetel_sdk::push::Intake;
/// let body = br#"[{"monitorUCID":"1"},{"monitorUCID":"no id"},{"ping":"1"}]"#;
/// let delivery = Intake::new().callbacks(None, body)?;
/// assert_eq!((delivery.items.len(), delivery.failed.len(), delivery.pings), (1, 1, 1));
/// assert_eq!(delivery.failed[0].item(), Some(1));
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Delivery<T> {
    /// What reads.
    pub items: Vec<T>,
    /// Objects of a list that do not read. They are in [`parcel`](Self::parcel).
    pub failed: Vec<PushError>,
    /// Objects that name nothing: to be answered with 200 and dropped.
    pub pings: usize,
    /// Everything as it came, without the key: to be stored.
    pub parcel: Parcel,
}

impl<T> Delivery<T> {
    /// Whether there is nothing to do: a check of the URL, or pings only.
    pub fn is_ping(&self) -> bool {
        self.items.is_empty() && self.failed.is_empty()
    }
}

impl<T: fmt::Debug> fmt::Debug for Delivery<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("items", &self.items)
            .field("failed", &self.failed)
            .field("pings", &self.pings)
            .finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {}
}

/// What [`Intake::read`] can read: [`Callback`], [`Event`], [`ScreenPop`], and KooKoo's
/// [`Request`](crate::receive::kookoo::Request) and [`Status`](crate::receive::kookoo::Status). Not to be implemented elsewhere.
pub trait Payload: sealed::Sealed + Sized {
    #[doc(hidden)]
    const FLAT: bool;

    #[doc(hidden)]
    fn is_ping(fields: &Map<String, Value>) -> bool;

    #[doc(hidden)]
    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError>;
}

macro_rules! payload {
    ($($ty:ty, flat: $flat:literal, ping: $ping:expr, read: $read:expr;)+) => { $(
        impl sealed::Sealed for $ty {}
        impl Payload for $ty {
            const FLAT: bool = $flat;
            fn is_ping(fields: &Map<String, Value>) -> bool {
                ($ping)(fields)
            }
            fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError> {
                ($read)(fields)
            }
        }
    )+ };
}

payload! {
    Callback, flat: false, ping: |fields: &Map<String, Value>| !names_a_call(fields) && !data_of(fields).is_some_and(|data| names_a_call(&data)),
        read: |fields| decode(call_fields(fields));
    Event, flat: false, ping: event::says_nothing, read: Event::from_fields;
    ScreenPop, flat: false, ping: knows_none(ScreenPop::FIELDS), read: decode;
    crate::receive::kookoo::Request, flat: true, ping: |fields: &Map<String, Value>| !fields.contains_key("event"), read: decode;
    crate::receive::kookoo::Status, flat: true, ping: |fields: &Map<String, Value>| {
        ["sid", "ucid", "status"].iter().all(|name| !fields.contains_key(*name))
    }, read: decode;
}

/// Whether a callback names a call, in any spelling.
fn names_a_call(fields: &Map<String, Value>) -> bool {
    let names_call = |name: &String| {
        ["monitorUCID", "monitor_ucid", "UCID", "CallID", "call_id"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    let said = |value: &Value| !matches!(value, Value::Null) && value.as_str() != Some("");
    fields.iter().any(|(name, value)| names_call(name) && said(value))
}

/// The object under `data`, as such or as JSON text.
fn data_of(fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    match fields.get("data")? {
        Value::Object(data) => Some(data.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// A callback's fields: at the top, or under `data` beside others.
fn call_fields(mut fields: Map<String, Value>) -> Map<String, Value> {
    if names_a_call(&fields) {
        return fields;
    }
    let Some(data) = data_of(&fields) else { return fields };
    fields.remove("data");
    fields.extend(data);
    fields
}

fn knows_none(known: &'static [&'static str]) -> impl Fn(&Map<String, Value>) -> bool {
    move |fields| !fields.keys().any(|name| known.iter().any(|k| k.eq_ignore_ascii_case(name)))
}

/// Plain fields into a record; an error names the field.
pub(crate) fn decode<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, PushError> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let field = error.path().to_string();
        PushError::field(&field, error.inner().to_string())
    })
}

/// A record into plain fields, absent ones left out.
pub(crate) fn encode<T: Serialize>(record: &T) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(mut fields)) => {
            fields.retain(|_, value| !value.is_null());
            fields
        }
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
