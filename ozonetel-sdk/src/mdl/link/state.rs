//! The link's states, and the reasons to leave them.

use std::fmt;
use std::time::Duration;

/// The state of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkState {
    /// Not started.
    Idle,
    /// A connection is being made.
    Connecting {
        /// The attempt's number, from 1 since the link was last good.
        attempt: u32,
    },
    /// The connection is open; the session's ids are not there yet.
    Handshaking,
    /// Requests can be sent.
    Up,
    /// The connection is gone; another one follows.
    Waiting {
        /// What ended it.
        cause: DisconnectReason,
        /// The pause before the next try.
        pause: Duration,
    },
    /// Closing as asked: waits for replies on their way, then for the other side.
    Closing,
    /// The end; nothing follows.
    Stopped(StopReason),
}

impl LinkState {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting { .. } => "connecting",
            Self::Handshaking => "handshaking",
            Self::Up => "up",
            Self::Waiting { .. } => "waiting",
            Self::Closing => "closing",
            Self::Stopped(_) => "stopped",
        }
    }

    /// Why the link is not up, in `snake_case`.
    pub fn cause(self) -> Option<&'static str> {
        match self {
            Self::Waiting { cause, .. } => Some(cause.as_str()),
            Self::Stopped(stop) => Some(stop.as_str()),
            _ => None,
        }
    }
}

/// What ended a connection, or kept one from being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// Name lookup, connect or proxy failed, or the connection broke.
    Unreachable,
    /// TLS failed: a certificate that is not trusted, for instance.
    Tls,
    /// No connection within the time limit.
    TimedOut,
    /// The server answered the upgrade with this HTTP status.
    Status(u16),
    /// The server chose a sub-protocol that was not offered.
    SubProtocol,
    /// No credential could be had.
    Credentials,
    /// No token carried the session's ids in time.
    Handshake,
    /// The other side was silent for too long.
    Silence,
    /// The other side did not read: something to write waited for too long.
    Blocked,
    /// The other side closed, with this code if it sent one.
    Closed(Option<u16>),
    /// A frame over the limit.
    FrameTooLarge,
    /// The other side broke the WebSocket protocol.
    Protocol,
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{} {status}", self.as_str()),
            Self::Closed(Some(code)) => write!(f, "{} {code}", self.as_str()),
            _ => f.write_str(self.as_str()),
        }
    }
}

impl DisconnectReason {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::TimedOut => "timed_out",
            Self::Status(_) => "status",
            Self::SubProtocol => "sub_protocol",
            Self::Credentials => "credentials",
            Self::Handshake => "handshake",
            Self::Silence => "silence",
            Self::Blocked => "blocked",
            Self::Closed(_) => "closed",
            Self::FrameTooLarge => "frame_too_large",
            Self::Protocol => "protocol",
        }
    }
}

/// Why the link stopped for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// It was asked to.
    Asked,
    /// The server refused the upgrade with an HTTP status after which trying again cannot help: 400, 401, 403, 404,
    /// 405, 406, 410, 426 or 501.
    Status(u16),
    /// The server chose a sub-protocol that was not offered.
    SubProtocol,
    /// The server closed with one of [`LinkLimits::fatal_codes`](crate::mdl::LinkLimits::fatal_codes).
    Code(u16),
    /// The session's ids did not arrive, several connections in a row.
    Handshake,
}

impl StopReason {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Status(_) => "status",
            Self::SubProtocol => "sub_protocol",
            Self::Code(_) => "code",
            Self::Handshake => "handshake",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("the link was closed"),
            Self::Status(status @ (401 | 403)) => write!(
                f,
                "the server refused the connection with HTTP {status}; check the credential and where it goes"
            ),
            Self::Status(status) => {
                write!(f, "the server refused the connection with HTTP {status}; check the address")
            }
            Self::SubProtocol => {
                f.write_str(
                "the server chose a sub-protocol that was not offered; offer the one it speaks, or none",
            )
            }
            Self::Code(code) => write!(f, "the server closed the connection for good, with code {code}"),
            Self::Handshake => f.write_str("the session's ids did not arrive on several connections in a row"),
        }
    }
}
