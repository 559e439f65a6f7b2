//! What comes out of the state machine.

use std::fmt;

use super::fault::SocketFault;
use super::state::LinkState;
use super::tracker::AgentSnapshot;
use crate::mdl::token::{Token, Utid};

/// Something to do, in this order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LinkOutput {
    /// Make a connection; any earlier one is given up.
    Connect,
    /// Write a token.
    Write(Token),
    /// Write a WebSocket ping frame.
    Ping,
    /// Write a close frame.
    CloseFrame,
    /// Drop the connection.
    Drop,
    /// The state changed.
    State(LinkState),
    /// The link is up again after a break.
    Resumed(AgentSnapshot),
    /// A token that answers no request.
    Push(Token),
    /// The first reply to a request that waits for it; its settlement follows.
    Reply(Token),
    /// The first reply to a request that had been settled without one.
    Late(Token),
    /// A request settled; nothing more follows for its ticket.
    Settle(SettledRequest),
    /// Something to report that is not a state.
    Fault(SocketFault),
    /// A frame was skipped.
    Skipped(SkippedFrame),
}

/// Why a frame was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkippedFrame {
    /// Text that is not a JSON object.
    NotAToken,
    /// A binary frame.
    Binary,
}

/// A request and how it was settled.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SettledRequest {
    /// The caller's ticket.
    pub ticket: u64,
    /// Its id, if it was sent.
    pub utid: Option<Utid>,
    /// The token as sent; one that was not sent lacks id and session.
    pub request: Token,
    /// How it was settled.
    pub settlement: Settlement,
}

/// How a request was settled.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Settlement {
    /// This is its reply.
    Reply(Token),
    /// It was sent; no reply came in time. The link stays.
    NoReply,
    /// It was not sent.
    NotSent(NotSentReason),
    /// It was sent, or may have been; the link broke before a reply.
    Unknown,
}

impl fmt::Display for Settlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Settlement {
    /// The name in `snake_case`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Reply(_) => "reply",
            Self::NoReply => "no_reply",
            Self::NotSent(_) => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSentReason {
    /// The link is not up.
    Down,
    /// Too many requests wait for replies.
    PendingFull {
        /// The limit.
        limit: usize,
    },
    /// The token is over the frame limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Counts of what a link did not pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LinkCounters {
    /// Text frames that hold no token.
    pub not_tokens: u64,
    /// Binary frames.
    pub binary: u64,
    /// Second and later replies to one request.
    pub repeated_replies: u64,
    /// First replies that came after their request had been settled; these are passed on.
    pub late_replies: u64,
    /// Pushes about a call that were the same as a recent one, with no other turn of the call in between.
    pub repeated_pushes: u64,
    /// System events about other clients.
    pub others: u64,
    /// Connections made.
    pub connections: u64,
}
