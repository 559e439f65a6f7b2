//! What may be done to a window, as a value that a store applies.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::window::{RateLimit, RateWindow};
use crate::core::clock::Clock;

/// One change of a window, for a [`PaceStore`](super::PaceStore) to apply while no one else changes it.
///
/// It asks the clock when it is applied, however long the store was waited for.
#[derive(Debug, Clone)]
pub struct WindowChange {
    limit: RateLimit,
    step: WindowStep,
    clock: Arc<dyn Clock>,
}

/// What is done to a window.
#[derive(Debug, Clone, Copy)]
pub(super) enum WindowStep {
    /// Nothing: it is only looked at.
    Look,
    /// Takes one request out of it if there is room.
    Take,
    /// The request that was taken at this time goes out now: it counts from now on, if there is room.
    Send(SystemTime),
    /// The request that was counted from this time on goes out only now.
    SendLater(SystemTime),
    /// The request that was taken at this time does not go out.
    GiveBack(SystemTime),
    /// The service says that the window is used up.
    Block(Duration),
}

/// What a change found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowReply {
    /// How long until there is room: zero if the change took its request.
    pub(super) ready_in: Duration,
    /// The time from which the request counts, if one was taken.
    pub(super) at: SystemTime,
}

impl WindowChange {
    pub(super) fn new(limit: RateLimit, step: WindowStep, clock: &Arc<dyn Clock>) -> Self {
        Self { limit, step, clock: Arc::clone(clock) }
    }

    /// Applies it. A store calls this once per update, with the window as it is kept, and keeps the result.
    pub fn apply(&self, window: &mut RateWindow) -> WindowReply {
        let (limit, now) = (self.limit, self.clock.now());
        window.pull_in(now);
        let ready_in = match self.step {
            WindowStep::Look => window.ready_in(limit, now),
            WindowStep::Take => window.take(limit, now),
            WindowStep::Send(at) => window.send(at.min(now), limit, now),
            WindowStep::SendLater(at) => {
                window.refund(at.min(now));
                window.send(at.min(now), limit, now)
            }
            WindowStep::GiveBack(at) => {
                window.give_back(at.min(now));
                window.ready_in(limit, now)
            }
            WindowStep::Block(wait) => {
                window.block(wait, now);
                window.ready_in(limit, now)
            }
        };
        WindowReply { ready_in, at: now }
    }
}
