//! One phone call, seen from many sides: dial reply, INVITE, screen pop, events, callback, CDR rows.
//!
//! Each side knows a part of the call. The parts arrive in any order, repeated or not at all. [`PhoneCall`] takes them in any order, any
//! number of times, and comes out the same; [`PhoneCalls`] finds out which of them belong to one call.
//!
//! # Which ids are equal
//!
//! | side | leg ([`Ucid`](crate::types::ids::Ucid)) | call ([`CallId`](crate::types::ids::CallId)) |
//! |---|---|---|
//! | dial reply, INVITE | yes | – |
//! | screen pop, call event, CDR row | yes | yes |
//! | callback | – | yes |
//!
//! On dialled calls the leg's id **is** the call's id. On inbound calls a leg's id never equals its call's id; legs of one
//! call share the call's id. So a leg that was seen alone (an INVITE) joins its call as soon as anything names both.
//!
//! ```
//! use ozonetel_sdk::phone_call::{CallOutcomeKind, Invite, PhoneCalls};
//! use ozonetel_sdk::push::PushReader;
//!
//! let mut calls = PhoneCalls::new(10_000);
//! // An INVITE knows the leg and the caller.
//! let first = calls.observe(Invite::new("90000000000000009".parse()?).caller("09000000001")).unwrap();
//! // The callback knows the call only; the event knows both and joins them.
//! let callback = br#"{"monitorUCID":"90000000000000001","Status":"Answered","Duration":"00:00:23"}"#;
//! for call in PushReader::new().callbacks(None, callback)?.items {
//!     calls.observe(call);
//! }
//! let event = br#"{"eventType":"Call","data":{"action":"Answered","ucid":"90000000000000009","monitor_ucid":"90000000000000001"}}"#;
//! for event in PushReader::new().events(None, event)?.items {
//!     let seen = calls.observe(event).unwrap();
//!     assert_eq!(seen.absorbed, [first.key]);
//!     let call = calls.get(&seen.key).unwrap();
//!     assert_eq!(call.outcome().kind, CallOutcomeKind::Completed);
//!     assert_eq!(call.caller().unwrap().as_str(), "09000000001");
//! }
//! assert_eq!(calls.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod call_index;
mod merge;
mod observation;
mod outcome;
mod states;

pub use call_index::{MergeResult, PhoneCalls};
pub use merge::{CallKey, PhoneCall};
pub use observation::{CallObservation, DialReply, Invite};
pub use outcome::{CallOutcome, CallOutcomeKind, RawStatus};

#[cfg(test)]
mod tests;
