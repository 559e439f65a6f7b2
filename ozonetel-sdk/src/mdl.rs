//! The agent socket (`mdlConnection`): the session that gives `usId` and `browserSessionId` and takes
//! `tbManualDial`.
//!
//! No public specification of this socket exists. What is documented, in open source or seen on public pages is
//! typed; everything else stays open: an unknown token, a field of another type, a missing namespace are passed on
//! whole and in order, and any token can be sent by its name.
//!
//! - [`SocketSettings::connect`] (feature `ws`) gives the pair to work with: [`SocketEvents`], a stream that one owner
//!   polls, and [`SocketSender`], of which there may be any number.
//! - [`Link`] is the state machine without sockets or clock, and [`Handshake`] says where the session's ids come
//!   from. Both are pure.
//! - [`SocketRecorder`] writes down a session, masked; [`Transcript`] plays it back.
//!
//! **A dial is never repeated.** When the link breaks between a dial and its reply, its outcome is unknown, and
//! reconnecting does not send it again. This module carries no SIP and no media.

// Bottom to top: what goes over the socket, the state machine, recordings of it, input and output.
mod token;

mod link;

mod record;

#[cfg(feature = "ws")]
mod socket;

pub use link::Link;
pub use link::event::SocketEvent;
pub use link::fault::SocketFault;
pub use link::handshake::{FixedSession, Handshake, SessionIds, TokenSession, uuid_v4};
pub use link::input::LinkInput;
pub use link::limits::{LinkLimits, PingKind};
pub use link::output::{
    LinkCounters, LinkOutput, NotSentReason, SettledRequest, Settlement, SkippedFrame,
};
pub use link::state::{DisconnectReason, LinkState, StopReason};
pub use link::tracker::AgentSnapshot;
pub use record::mask::Mask;
pub use record::recorder::{SocketRecorder, SocketTap, TapEvent};
pub use record::transcript::{Transcript, TranscriptLine};
#[cfg(feature = "ws")]
pub use socket::connector::{ByteStream, SocketConnector};
#[cfg(feature = "ws")]
pub use socket::events::SocketEvents;
#[cfg(feature = "ws")]
pub use socket::replay::SocketReplay;
#[cfg(feature = "ws")]
pub use socket::sender::SocketSender;
#[cfg(feature = "ws")]
pub use socket::settings::{CredentialPlacement, SUB_PROTOCOL, SocketSettings};
pub use token::push::{
    AgentStatus, AgentStatusKind, CallPush, GoodBye, SocketCallType, SocketCallTypeKind,
    SocketPush, Welcome,
};
pub use token::reply::ReplyStatus;
pub use token::request::{ManualDial, TokenRequest};
pub use token::session::{AgentIdentity, AgentSession};
pub use token::{NotAToken, SYSTEM_NS, TOOLBAR_NS, Token, Utid};
