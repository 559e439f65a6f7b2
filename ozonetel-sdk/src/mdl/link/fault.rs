//! What can go wrong on a link, in detail: what happened, and what to do. Whether it may have taken effect is in the
//! error around it.

use std::fmt;

use super::state::StopReason;
use crate::core::error::{Error, ErrorKind};

/// Detail of an [`Error`](crate::Error) of the agent socket: see [`Error::fault`](crate::Error::fault).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketFault {
    /// The session's ids did not arrive in time.
    Handshake {
        /// Which.
        missing: Vec<&'static str>,
        /// The types of the tokens that did arrive, in order; `-` for one without.
        seen: Vec<Box<str>>,
    },
    /// A frame over the limit arrived; the connection is gone with it.
    FrameTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A token over the limit was not sent.
    TokenTooLarge {
        /// The token's type.
        kind: Box<str>,
        /// The limit in bytes.
        limit: usize,
    },
    /// The token was sent and got no reply in time.
    NoReply {
        /// The token's type.
        kind: Box<str>,
    },
    /// The connection broke after the token was sent.
    Broken {
        /// The token's type.
        kind: Box<str>,
    },
    /// The reply does not say whether the request was done.
    Unclear {
        /// The token's type.
        kind: Box<str>,
    },
    /// The token was not sent: the link is not up.
    Down {
        /// The token's type.
        kind: Box<str>,
    },
    /// The token was not sent: the link's stream was not polled, or its queue stayed full.
    NotTaken {
        /// The token's type.
        kind: Box<str>,
    },
    /// The token was not sent: too many wait for their replies.
    PendingFull {
        /// The limit.
        limit: usize,
    },
    /// TLS with the server failed: its certificate is not trusted, expired, or another's.
    Tls,
    /// The link ended for good.
    Stopped(StopReason),
}

impl SocketFault {
    /// How far the call got that ended this way.
    #[cfg_attr(
        not(feature = "ws"),
        allow(dead_code, reason = "the link's stream makes errors of it")
    )]
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::TokenTooLarge { .. } => ErrorKind::Input,
            Self::FrameTooLarge { .. } | Self::Unclear { .. } => ErrorKind::Unreadable,
            Self::NoReply { .. } | Self::NotTaken { .. } | Self::PendingFull { .. } | Self::Tls => {
                ErrorKind::Unreachable
            }
            Self::Handshake { .. }
            | Self::Stopped(StopReason::Handshake | StopReason::Status(401 | 403)) => {
                ErrorKind::Credentials
            }
            Self::Broken { .. } | Self::Down { .. } | Self::Stopped(_) => ErrorKind::Closed,
        }
    }
}

impl fmt::Display for SocketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handshake { missing, seen } => {
                let seen = if seen.is_empty() { "none" } else { &seen.join(", ") };
                let missing = missing.join(" and ");
                write!(
                    f,
                    "the session's ids did not arrive in time: no token carried {missing}; tokens that arrived: \
                     {seen}; name the fields that carry them, or set both ids"
                )
            }
            Self::FrameTooLarge { limit } => {
                write!(f, "a frame over the limit of {limit} bytes arrived and ended the connection")
            }
            Self::TokenTooLarge { kind, limit } => {
                write!(f, "{kind} was not sent: it is over the limit of {limit} bytes")
            }
            Self::NoReply { kind } => write!(f, "no reply to {kind} in time"),
            Self::Broken { kind } => write!(f, "the connection broke before the reply to {kind}"),
            Self::Unclear { kind } => {
                write!(f, "the reply to {kind} does not say whether it was done")
            }
            Self::Down { kind } => {
                write!(f, "{kind} was not sent: the link is not up; send it again once it is")
            },
            Self::NotTaken { kind } => {
                write!(f, "{kind} was not sent: the link did not take it in time; its stream has to be polled all the time")
            }
            Self::PendingFull { limit } => {
                write!(f, "not sent: {limit} requests wait for their replies already; send it again when some have arrived")
            }
            Self::Tls => f.write_str(
                "TLS failed: the server's certificate is not trusted, has expired or has another name; check the \
                 address and the trusted roots",
            ),
            Self::Stopped(stop) => stop.fmt(f),
        }
    }
}

impl std::error::Error for SocketFault {}

impl Error {
    #[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "the link's stream makes them"))]
    pub(crate) fn socket(fault: SocketFault) -> Self {
        Self::detailed(fault.kind(), fault)
    }

    /// What happened on the agent socket.
    pub fn fault(&self) -> Option<&SocketFault> {
        self.detail()
    }
}
