//! What failed requests for a token hold back. No I/O, no clock.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::core::clock::unix_millis;
use crate::core::pace::{RateLimit, RateWindow};

/// The first pause after a failed request; each further one doubles it.
const FIRST: Duration = Duration::from_secs(2);
/// The longest pause after requests that cost a token of the hour's ten.
const LONGEST: Duration = Duration::from_secs(120);
/// The longest pause after requests that were not sent: they cost nothing.
const LONGEST_UNSENT: Duration = Duration::from_secs(15);
/// The first pause while the token is still good: there is no hurry.
const FIRST_EARLY: Duration = Duration::from_secs(30);
/// After the hour's last token but one was asked for without success, the last one is kept back for so long.
const LAST_KEPT: Duration = Duration::from_secs(60);

/// How often in a row a token was asked for without success, and when last. Shared with the token itself, so that
/// programs that share a store do not spend the hour's tokens one after the other on the same fault.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ozonetel_sdk::auth::TokenFailures;
/// let (mut failures, now) = (TokenFailures::default(), SystemTime::UNIX_EPOCH);
/// assert_eq!(failures.pause_left(now), Duration::ZERO);
/// failures.note(now);
/// failures.note(now);
/// assert_eq!(failures.pause_left(now), Duration::from_secs(4));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFailures {
    times: u32,
    at_ms: u64,
}

/// The pause after so many failures in a row.
fn pause(first: Duration, times: u32, longest: Duration) -> Duration {
    let Some(doublings) = times.checked_sub(1) else { return Duration::ZERO };
    first.saturating_mul(1 << doublings.min(16)).min(longest)
}

/// The pause after so many failures in a row while the token is still good.
pub(super) fn pause_early(times: u32) -> Duration {
    pause(FIRST_EARLY, times, LONGEST)
}

/// The pause after so many attempts in a row that were not sent.
pub(super) fn pause_unsent(times: u32) -> Duration {
    pause(FIRST, times, LONGEST_UNSENT)
}

impl TokenFailures {
    /// How often in a row.
    pub fn times(&self) -> u32 {
        self.times
    }

    /// Another request failed, and it counts.
    pub fn note(&mut self, now: SystemTime) {
        self.times = self.times.saturating_add(1);
        self.at_ms = unix_millis(now);
    }

    /// A failure from the future, which a clock that was set back leaves, happened now.
    pub fn pull_in(&mut self, now: SystemTime) {
        self.at_ms = self.at_ms.min(unix_millis(now));
    }

    /// How long no further request is made.
    pub fn pause_left(&self, now: SystemTime) -> Duration {
        pause(FIRST, self.times, LONGEST).saturating_sub(self.since(now))
    }

    /// How long the hour's last token is kept back.
    pub(super) fn last_kept(
        &self,
        issued: &RateWindow,
        limit: RateLimit,
        now: SystemTime,
    ) -> Duration {
        let used = u32::try_from(issued.used(limit, now)).unwrap_or(u32::MAX);
        if self.times == 0 || used.saturating_add(1) < limit.requests {
            return Duration::ZERO;
        }
        LAST_KEPT.saturating_sub(self.since(now))
    }

    fn since(&self, now: SystemTime) -> Duration {
        Duration::from_millis(unix_millis(now).saturating_sub(self.at_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_grow_and_are_bounded() {
        let mut failures = TokenFailures::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            failures.note(at(1000));
            pauses.push(failures.pause_left(at(1000)).as_secs());
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 120, 120, 120]);
        assert_eq!(failures.pause_left(at(1100)).as_secs(), 20);
        assert_eq!(failures.pause_left(at(1120)), Duration::ZERO);
        let unsent: Vec<_> = (0..6).map(|times| pause_unsent(times).as_secs()).collect();
        assert_eq!(unsent, [0, 2, 4, 8, 15, 15]);
        assert_eq!(pause_unsent(u32::MAX), LONGEST_UNSENT);
        let early: Vec<_> = (1..5).map(|times| pause_early(times).as_secs()).collect();
        assert_eq!(early, [30, 60, 120, 120]);
    }

    #[test]
    fn the_tenth_token_is_kept_for_a_minute_after_the_ninth_failed() {
        let ten = RateLimit::published((10, 3600));
        let (mut issued, mut failures) = (RateWindow::default(), TokenFailures::default());
        for n in 1..=9 {
            issued.spend(ten, at(1000));
            let kept = failures.last_kept(&issued, ten, at(1000));
            assert_eq!(kept, Duration::ZERO, "nothing has failed yet: {n}");
        }
        failures.note(at(1000));
        assert_eq!(failures.last_kept(&issued, ten, at(1001)).as_secs(), 59);
        assert_eq!(failures.last_kept(&issued, ten, at(1060)), Duration::ZERO);
        // With two left, none is kept back.
        issued.refund(at(1000));
        assert_eq!(failures.last_kept(&issued, ten, at(1001)), Duration::ZERO);
    }

    #[test]
    fn a_failure_from_the_future_holds_back_no_longer_than_any_other() {
        let mut failures = TokenFailures::default();
        failures.note(at(9_000_000));
        failures.pull_in(at(1000));
        assert_eq!(failures.pause_left(at(1000)).as_secs(), 2);
        assert_eq!(failures.pause_left(at(1002)), Duration::ZERO);
    }
}
