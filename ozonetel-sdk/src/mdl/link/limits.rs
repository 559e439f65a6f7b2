//! Times and limits of a link.

use super::state::{DisconnectReason, StopReason};
use std::time::Duration;

/// HTTP statuses of the upgrade after which trying again cannot help. A 401 is here because the connector tries it
/// once with a fresh token before it reports it.
pub(super) const FATAL_STATUSES: [u16; 9] = [400, 401, 403, 404, 405, 406, 410, 426, 501];

/// Which pings are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PingKind {
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
pub struct LinkLimits {
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
    pub ping: PingKind,
    /// How long a ping may stay without any sign of life, and how long something to write may wait for the other side
    /// to read. Default 20 s.
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

impl Default for LinkLimits {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self {
            connect_wait: s(15),
            handshake_wait: s(10),
            handshakes: 3,
            reply_wait: s(30),
            close_wait: s(5),
            ping_every: s(10),
            ping: PingKind::Both,
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

impl LinkLimits {
    /// Whether only a person can help after this.
    pub(crate) fn fatal(&self, cause: DisconnectReason, bad_handshakes: u32) -> Option<StopReason> {
        match cause {
            DisconnectReason::Status(status) if FATAL_STATUSES.contains(&status) => {
                Some(StopReason::Status(status))
            }
            DisconnectReason::SubProtocol => Some(StopReason::SubProtocol),
            DisconnectReason::Closed(Some(code)) if self.fatal_codes.contains(&code) => {
                Some(StopReason::Code(code))
            }
            DisconnectReason::Handshake if bad_handshakes >= self.handshakes => {
                Some(StopReason::Handshake)
            }
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
