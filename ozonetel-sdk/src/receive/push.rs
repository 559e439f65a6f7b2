//! What the service sends: the callback after a call, events, the screen pop.
//!
//! Parsers over bytes. Nothing here listens, answers or stores; with the feature `axum` there is an extractor,
//! [`extract`]. What a receiver has to know:
//!
//! - **The callback carries the account's key in plain text.** It is taken out before anything else is read;
//!   it can be compared ([`SanitizedPush::key_is`], [`verify`]) but not printed or stored.
//! - Nothing is signed. See [`verify`] for what can be checked.
//! - The console checks a URL with GET or HEAD when it is saved, and pings without any call id arrive from time to time:
//!   answer 200 and drop them. They are counted in [`ParsedPush::pings`]. What could be a call in another form is
//!   not a ping: it is an error, and [`PushError::unread`] has it whole.
//! - Repeats happen, also two at once. Upsert by call id, or let [`PhoneCalls`](crate::receive::phone_call::PhoneCalls) merge.
//! - No retry is documented. Store [`ParsedPush::sanitized`], answer 200, work later.
//! - `Duration` is the conversation in a callback and the whole call in a CDR row and in an event.
//! - A callback names the phone call ([`CallId`](crate::types::ids::CallId)), never a leg
//!   ([`Ucid`](crate::types::ids::Ucid)). On dialled calls the two are equal, on inbound calls never.
//!
//! ```
//! use ozonetel_sdk::push::PushReader;
//! // What the service posts: a form with one field, `data`, that holds JSON text.
//! let body = b"data=%7B%22monitorUCID%22%3A%2290000000000000001%22%2C%22Status%22%3A%22Answered%22%2C\
//!     %22Duration%22%3A%2200%3A00%3A23%22%2C%22Apikey%22%3A%22test-key%22%7D";
//! let push = PushReader::new().callbacks(None, body)?;
//! for call in &push.items {
//!     assert!(call.is_answered());
//!     assert_eq!(call.duration.unwrap().seconds(), 23);
//! }
//! assert!(!push.sanitized.to_json().contains("test-key"));
//! # Ok::<(), ozonetel_sdk::push::PushError>(())
//! ```

pub(crate) mod callback;
pub(crate) mod error;
pub(crate) mod event;
#[cfg(feature = "axum")]
pub mod extract;
mod forms;
mod json;
mod key;
mod key_name;
pub(crate) mod payload;
pub(crate) mod per_leg;
pub(crate) mod ping;
pub(crate) mod reader;
mod repair;
mod sanitized;
pub(crate) mod screen_pop;
mod twice;
pub mod verify;
mod work;

pub use callback::{Callback, CallbackLeg, CallbackLegs};
pub use error::{PushError, PushErrorKind};
pub use event::{
    AgentAction, AgentActionKind, AgentEvent, CallAction, CallActionKind, CallEvent, EventBody,
    EventHeader, EventType, EventTypeKind, PushEvent,
};
pub use payload::PushPayload;
pub use per_leg::PerLeg;
pub use reader::{ParsedPush, PushReader};
pub use sanitized::{PushLimits, SanitizedPush};
pub use screen_pop::ScreenPop;

#[cfg(test)]
mod tests;
