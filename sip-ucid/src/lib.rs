#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
#![forbid(unsafe_code)]
#![allow(
    clippy::copy_iterator,
    reason = "lists of parameters are views of two words, used as values"
)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

// Bytes and text.
#[allow(clippy::indexing_slicing, reason = "a constant table of 256, asked by a byte")]
mod chars;
mod digits;
mod error;
mod leniency;
mod scan;
mod text;

// Pieces of values.
mod host;
mod number;
mod params;
mod plain;
mod quoted;
mod ucid;
mod uri;

// Lines and their names.
mod headers;
mod index;
mod layout;
mod list;
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "constant tables, built and checked when the crate is compiled"
)]
mod name;
mod start;

// Values of headers.
mod address;
mod auth;
mod date;
mod uui;
mod value;
mod via;

// Messages, and what is asked of them.
mod frame;
mod head;
mod identity;
mod message;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "serde")]
mod serialize;
mod typed;
mod validate;
mod write;

pub use address::{Address, Addresses};
pub use auth::Auth;
pub use date::Date;
pub use error::{Error, ErrorKind};
pub use frame::{Frame, Framer, KeepAlive};
pub use head::{Head, Status};
pub use headers::{Header, Headers};
pub use identity::{CallSummary, Identity, IdentityHeader, IdentityNames, call, identity, ucid};
pub use leniency::Leniency;
pub use message::{Message, Transport};
pub use name::Name;
pub use number::{Number, NumberPlan, is_number, same_number};
#[cfg(feature = "alloc")]
pub use owned::{OwnedIdentity, StreamBuffer};
pub use params::{Param, Params};
pub use quoted::Unescape;
pub use start::{RequestLine, StartLine, StatusLine};
pub use text::Text;
pub use typed::Contact;
pub use ucid::{AvayaUcid, is_cloudagent_ucid};
pub use uri::{PercentDecode, SipUri, TelUri, Uri};
pub use uui::{TypeLengthValue, UserToUser};
pub use validate::{Note, NoteKind, Notes, Problem, ProblemKind, Problems};
pub use value::{CSeq, ContentType, Privacy, Reason, SessionId};
pub use via::Via;
pub use write::{
    FmtOutput, HeaderName, Output, SliceOutput, WriteError, Writer, write_address, write_quoted,
};
