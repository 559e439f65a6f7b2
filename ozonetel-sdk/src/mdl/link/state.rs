//! The link's states, the reasons to leave them, and its settings.

use std::fmt;
use std::time::Duration;

/// Where the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Not started.
    Idle,
    /// A connection is being made.
    Connecting {
        /// Counted from 1 since the link was last good.
        attempt: u32,
    },
    /// The connection is open; the session's ids are not there yet.
    Handshaking,
    /// Requests can be sent.
    Up,
    /// The connection is gone; another one follows.
    Waiting {
        /// What ended it.
        cause: Cause,
        /// The pause before the next try.
        pause: Duration,
    },
    /// Closing as asked: waits for replies on their way, then for the other side.
    Closing,
    /// The end; nothing follows.
    Stopped(Stop),
}

impl State {
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
pub enum Cause {
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
    /// The other side closed, with this code if it sent one.
    Closed(Option<u16>),
    /// A frame over the limit.
    FrameTooLarge,
    /// The other side broke the WebSocket protocol.
    Protocol,
}

impl Cause {
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
            Self::Closed(_) => "closed",
            Self::FrameTooLarge => "frame_too_large",
            Self::Protocol => "protocol",
        }
    }
}

/// Why the link stopped for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// It was asked to.
    Asked,
    /// The server refused the upgrade with a status of [`FATAL_STATUSES`].
    Status(u16),
    /// The server chose a sub-protocol that was not offered.
    SubProtocol,
    /// The server closed with one of [`Limits::fatal_codes`].
    Code(u16),
    /// The session's ids did not come, several connections in a row.
    Handshake,
}

impl Stop {
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

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("the link was closed"),
            Self::Status(status) => {
                write!(f, "the server refused the connection with HTTP {status}")
            }
            Self::SubProtocol => {
                f.write_str("the server chose a sub-protocol that was not offered")
            }
            Self::Code(code) => write!(f, "the server closed for good with code {code}"),
            Self::Handshake => f.write_str("the session's ids did not come"),
        }
    }
}

/// HTTP statuses of the upgrade after which trying again cannot help. A 401 is here because the connector tries it
/// once with a fresh token before it reports it.
pub const FATAL_STATUSES: [u16; 9] = [400, 401, 403, 404, 405, 406, 410, 426, 501];

/// Which pings are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ping {
    /// WebSocket ping frames, which every peer answers, and jWebSocket's `ping` token, which its session time-out
    /// counts.
    #[default]
    Both,
    /// WebSocket ping frames only.
    Frame,
    /// `ping` tokens only.
    Token,
}

/// Times and limits of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// For a connection, TLS and upgrade included. Default 15 s.
    pub connect_wait: Duration,
    /// For the session's ids on a new connection. Default 10 s.
    pub handshake_wait: Duration,
    /// How many connections in a row may bring no ids. Default 3.
    pub handshakes: u32,
    /// For a reply. Default 30 s, as in the browser library.
    pub reply_wait: Duration,
    /// For replies on their way when the link is asked to close, and again for the other side's close. Default 5 s.
    pub close_wait: Duration,
    /// Between pings. Default 10 s, as in the browser library.
    pub ping_every: Duration,
    /// Which pings.
    pub ping: Ping,
    /// How long a ping may stay without any sign of life. Default 20 s.
    pub silence: Duration,
    /// The shortest pause before reconnecting. Default 2 s.
    pub shortest_pause: Duration,
    /// The longest pause before reconnecting. Default 30 s.
    pub longest_pause: Duration,
    /// How long the link has to be up before pauses start short again. Default 60 s.
    pub good_after: Duration,
    /// Requests waiting for a reply. Default 256.
    pub pending: usize,
    /// Requests waiting to be sent. Default 64.
    pub queue: usize,
    /// The largest frame, either way, in bytes. Default 2 MiB; the stock server's limit is 1 048 840.
    pub frame: usize,
    /// Close codes after which no other connection is made. Default: 1008, policy violation.
    pub fatal_codes: Vec<u16>,
    /// Seed of the jitter.
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            connect_wait: s(15),
            handshake_wait: s(10),
            handshakes: 3,
            reply_wait: s(30),
            close_wait: s(5),
            ping_every: s(10),
            ping: Ping::Both,
            silence: s(20),
            shortest_pause: s(2),
            longest_pause: s(30),
            good_after: s(60),
            pending: 256,
            queue: 64,
            frame: 2 << 20,
            fatal_codes: vec![1008],
            seed: crate::core::retry::RetryPolicy::default().seed,
        }
    }
}

impl Limits {
    /// Whether nothing but a person can help after this.
    pub(crate) fn fatal(&self, cause: Cause, bad_handshakes: u32) -> Option<Stop> {
        match cause {
            Cause::Status(status) if FATAL_STATUSES.contains(&status) => Some(Stop::Status(status)),
            Cause::SubProtocol => Some(Stop::SubProtocol),
            Cause::Closed(Some(code)) if self.fatal_codes.contains(&code) => Some(Stop::Code(code)),
            Cause::Handshake if bad_handshakes >= self.handshakes => Some(Stop::Handshake),
            _ => None,
        }
    }

    /// The pause before attempt `attempt` (the first retry is 1): full jitter between the shortest pause and an
    /// upper bound that starts half as long again, doubles, and ends at the longest.
    pub(crate) fn pause(&self, attempt: u32, random: u64) -> Duration {
        let (shortest, longest) =
            (self.shortest_pause, self.longest_pause.max(self.shortest_pause));
        let first = shortest.saturating_add(shortest / 2);
        let doublings = attempt.saturating_sub(1).min(16);
        let upper = first.saturating_mul(1 << doublings).min(longest);
        let room =
            u64::try_from(upper.saturating_sub(shortest).as_millis()).unwrap_or(u64::MAX - 1);
        shortest.saturating_add(Duration::from_millis(random % (room + 1)))
    }
}
