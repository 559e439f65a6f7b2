#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

#[cfg(any(feature = "alloc", test))]
extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod address;
mod auth;
mod chars;
mod date;
mod error;
mod head;
mod headers;
mod identity;
mod leniency;
mod list;
mod message;
mod name;
mod number;
mod params;
mod quoted;
mod scan;
mod start;
mod text;
mod typed;
mod ucid;
mod uri;
mod uui;
mod validate;
mod value;
mod via;

pub use address::{Address, Addresses};
pub use auth::{Auth, AuthParams};
pub use date::Date;
pub use error::{Error, ErrorKind};
pub use head::{Head, Status};
pub use headers::{Header, Headers, Values};
pub use identity::{Call, Found, Identity, IdentityNames, call, identity, ucid};
pub use leniency::Leniency;
pub use list::Elements;
pub use message::{Message, Transport};
pub use name::Name;
pub use number::{is_number, same_number};
pub use params::{Param, Params};
pub use quoted::Unescape;
pub use start::{RequestLine, StartLine, StatusLine};
pub use text::{Text, Unfold};
pub use typed::Contact;
pub use ucid::{AvayaUcid, is_cloudagent_ucid};
pub use uri::{Decode, SipUri, TelUri, Uri};
pub use uui::{Octets, TypeLengthValue, TypeLengthValues, UCID_TYPE, UserToUser};
pub use validate::{Problem, ProblemKind, Problems};
pub use value::{CSeq, ContentType, Privacy, Reason, SessionId};
pub use via::{Via, Vias};
