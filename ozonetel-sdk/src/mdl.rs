//! The agent socket (`mdlConnection`): the session that gives `usId` and `browserSessionId` and takes
//! `tbManualDial`, and the softphone's decision whether a call is answered by itself.
//!
//! No public specification of this socket exists. What is documented, in open source or seen on public pages is
//! typed; everything else stays open: an unknown token, a field of another type, a missing namespace are handed on
//! whole and in order, and any token can be sent by its name.
//!
//! - [`Link`] is the state machine without sockets or clock; [`Handshake`] says where the session's ids come from;
//!   [`SoftphonePolicy`] decides whether an INVITE is answered by itself. These three are pure.
//! - [`Settings::connect`] (feature `ws`) gives the pair to work with: [`AgentEvents`], a stream that one owner polls,
//!   and [`AgentSender`], of which there may be any number.
//!
//! **A dial is never repeated.** When the link breaks between a dial and its reply, its outcome is unknown, and
//! reconnecting does not send it again. This module carries no SIP and no media.

#[cfg(feature = "ws")]
mod connect;
mod event;
mod fault;
mod handshake;
mod link;
mod mask;
mod playback;
mod policy;
#[cfg(feature = "ws")]
mod replay;
mod request;
mod session;
#[cfg(feature = "ws")]
mod settings;
#[cfg(feature = "ws")]
mod stream;
mod token;
mod transcript;
mod view;

#[cfg(feature = "ws")]
pub use connect::{Connector, Io};
pub use event::AgentEvent;
pub use fault::Fault;
pub use handshake::{ByHand, Handshake, Ids, InTokens, uuid_v4};
pub use link::{
    Cause, Counters, FATAL_STATUSES, How, Input, Limits, Link, NotSent, Output, Ping, Settled,
    Skip, State, Stop,
};
pub use mask::Mask;
pub use policy::{AutoAnswer, Decision, Invite, PhoneInput, SoftphonePolicy};
#[cfg(feature = "ws")]
pub use replay::Replay;
pub use request::{ManualDial, Request};
pub use session::{Agent, Session, Snapshot};
#[cfg(feature = "ws")]
pub use settings::{Placement, SUB_PROTOCOL, Settings};
#[cfg(feature = "ws")]
pub use stream::{AgentEvents, AgentSender};
pub use token::{NotAToken, SYSTEM_NS, TOOLBAR_NS, Token, Utid, Verdict};
pub use transcript::{Line, Recorder, Seen, Tap, Transcript};
pub use view::{
    AgentState, AgentStateKind, CallPush, CallType, CallTypeKind, GoodBye, Push, Welcome,
};
