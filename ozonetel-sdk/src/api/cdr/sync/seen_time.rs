//! Clocks that were wrong: what a time is worth that lies before one that has passed already.

use serde::{Deserialize, Serialize};

/// Seconds since the epoch.
pub(super) type Unix = u64;

/// A clock may go back so far without anything being made of it.
pub(super) const STEP: Unix = 5 * 60;

/// So long a clock has to stay back until it is believed: most that are wrong are corrected sooner.
pub(super) const PROOF: Unix = 60 * 60;

/// The latest time at which something happened, and whether the clock is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SeenTime {
    latest: Unix,
    /// The first time at which it was behind.
    behind: Option<Unix>,
}

/// What a look at the clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClockLook {
    /// It goes on.
    GoesOn,
    /// It is behind a time that has passed, and was not before.
    FallsBehind,
    /// It is still behind.
    StaysBehind,
    /// It was behind since then, and has caught up or was set right: no one knows which.
    CaughtUp(Unix),
    /// It has been behind since then, which is so long that it is believed: what was known of later times is wrong.
    SetBack(Unix),
}

impl SeenTime {
    pub(super) fn beginning(at: Unix) -> Self {
        Self { latest: at, behind: None }
    }

    /// Something happened.
    pub(super) fn pass(&mut self, at: Unix) {
        self.latest = self.latest.max(at);
    }

    pub(super) fn look(&mut self, at: Unix) -> ClockLook {
        if at.saturating_add(STEP) >= self.latest {
            return self.behind.take().map_or(ClockLook::GoesOn, ClockLook::CaughtUp);
        }
        match self.behind {
            Some(since) if since.saturating_add(PROOF) <= at => {
                *self = Self::beginning(at);
                ClockLook::SetBack(since)
            }
            Some(since) if since <= at => ClockLook::StaysBehind,
            _ => {
                self.behind = Some(at);
                ClockLook::FallsBehind
            }
        }
    }

    /// When a clock that is behind is worth another look; none if it is not.
    pub(super) fn look_again(&self) -> Option<Unix> {
        self.behind.map(|since| self.latest.min(since.saturating_add(PROOF)))
    }
}
