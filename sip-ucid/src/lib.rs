#![doc = include_str!("../README.md")]
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

mod address;
mod auth;
#[allow(clippy::indexing_slicing, reason = "a constant table of 256, asked by a byte")]
mod chars;
mod date;
mod error;
mod frame;
mod head;
mod headers;
mod host;
mod identity;
mod index;
mod leniency;
mod list;
mod message;
#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "constant tables, built and checked when the crate is compiled"
)]
mod name;
mod number;
#[cfg(feature = "alloc")]
mod owned;
mod params;
mod quoted;
mod scan;
#[cfg(feature = "serde")]
mod serialize;
mod start;
mod text;
mod typed;
mod ucid;
mod uri;
mod uui;
mod validate;
mod value;
mod via;
mod write;

pub use address::{Address, Addresses};
pub use auth::{Auth, AuthParams};
pub use date::Date;
pub use error::{Error, ErrorKind};
pub use frame::{Frame, Framer, KeepAlive};
pub use head::{Head, Status};
pub use headers::{Header, Headers, Values};
pub use identity::{Call, Found, Identity, IdentityNames, call, identity, ucid};
pub use leniency::Leniency;
pub use list::Elements;
pub use message::{Message, Transport};
pub use name::Name;
pub use number::{is_number, same_number};
#[cfg(feature = "alloc")]
pub use owned::{OwnedIdentity, StreamBuffer};
pub use params::{Param, Params};
pub use quoted::Unescape;
pub use start::{RequestLine, StartLine, StatusLine};
pub use text::{Text, Unfold};
pub use typed::Contact;
pub use ucid::{AvayaUcid, is_cloudagent_ucid};
pub use uri::{Decode, SipUri, TelUri, Uri};
pub use uui::{Octets, TypeLengthValue, TypeLengthValues, UCID_TYPE, UserToUser};
pub use validate::{Note, NoteKind, Notes, Problem, ProblemKind, Problems};
pub use value::{CSeq, ContentType, Privacy, Reason, SessionId};
pub use via::{Via, Vias};
pub use write::{
    Buffer, HeaderName, Output, Sink, WriteError, Writer, write_address, write_quoted,
};
