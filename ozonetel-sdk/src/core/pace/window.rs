//! A sliding log of requests.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// When requests of one class went out. Times are milliseconds since 1970.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ozonetel_sdk::client::RateWindow;
/// let (mut window, now) = (RateWindow::default(), SystemTime::UNIX_EPOCH);
/// let two_a_minute = (2, 60);
/// window.spend(two_a_minute, now);
/// window.spend(two_a_minute, now + Duration::from_secs(10));
/// assert_eq!(window.ready_in(two_a_minute, now + Duration::from_secs(20)), Duration::from_secs(40));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateWindow {
    log: VecDeque<u64>,
    blocked_until: u64,
}

/// In milliseconds.
const LONGEST_BLOCK: u64 = 3_600_000;

fn millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl RateWindow {
    /// How long until one more request fits, given so many requests per so many seconds.
    pub fn ready_in(&self, (limit, seconds): (u32, u32), now: SystemTime) -> Duration {
        let now = millis(now);
        let per = u64::from(seconds) * 1000;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let full = self.log.len().checked_sub(limit).and_then(|at| self.log.get(at));
        // A clock that was set back, or a store that holds nonsense, must not lock the window for longer than its
        // length; nor for longer than an hour, however late a time the service names.
        let full = full.map_or(0, |at| at.saturating_add(per).saturating_sub(now)).min(per);
        let blocked = self.blocked_until.saturating_sub(now).min(LONGEST_BLOCK.max(per));
        Duration::from_millis(full.max(blocked))
    }

    /// Notes a request.
    pub fn spend(&mut self, (limit, seconds): (u32, u32), now: SystemTime) {
        let at = millis(now);
        let per = u64::from(seconds) * 1000;
        let at = self.log.back().map_or(at, |last| at.max(*last));
        self.log.push_back(at);
        while self.log.len() > usize::try_from(limit).unwrap_or(usize::MAX)
            || self.log.front().is_some_and(|first| first.saturating_add(per) <= at)
        {
            self.log.pop_front();
        }
    }

    /// Takes a request back that did not go out.
    pub fn refund(&mut self, at: SystemTime) {
        let at = millis(at);
        if let Some(found) = self.log.iter().rposition(|spent| *spent == at) {
            self.log.remove(found);
        }
    }

    /// No request before this time.
    pub fn block_until(&mut self, until: SystemTime) {
        self.blocked_until = self.blocked_until.max(millis(until));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    proptest! {
        /// However long callers pause, no window of `per` ever holds more than `limit` requests.
        #[test]
        fn never_more_than_the_limit_in_any_window(
            limit in 1u32..6, seconds in 1u32..90, pauses in prop::collection::vec(0u64..40_000, 1..60)
        ) {
            let (mut window, mut now, mut sent) = (RateWindow::default(), 1_000_000, Vec::new());
            for pause in pauses {
                now += pause;
                let wait = window.ready_in((limit, seconds), at(now));
                now += u64::try_from(wait.as_millis()).unwrap();
                prop_assert_eq!(window.ready_in((limit, seconds), at(now)), Duration::ZERO);
                window.spend((limit, seconds), at(now));
                sent.push(now);
            }
            let per = u64::from(seconds) * 1000;
            for first in &sent {
                let inside = sent.iter().filter(|t| **t >= *first && **t < first + per).count();
                prop_assert!(inside <= limit as usize);
            }
            prop_assert!(window.log.len() <= limit as usize);
        }

        /// No wait is longer than needed: just before it ends, the window is still full.
        #[test]
        fn never_waits_too_long(limit in 1u32..4, gaps in prop::collection::vec(1u64..20_000, 4..12)) {
            let (mut window, mut now) = (RateWindow::default(), 0);
            for gap in gaps {
                now += gap;
                if window.ready_in((limit, 60), at(now)).is_zero() { window.spend((limit, 60), at(now)); }
            }
            let wait = window.ready_in((limit, 60), at(now));
            let oldest = window.log[window.log.len().saturating_sub(limit as usize)];
            prop_assert!(wait.is_zero() || at(now) + wait == at(oldest + 60_000));
        }
    }

    #[test]
    fn a_refund_frees_the_slot_and_a_block_holds() {
        let mut window = RateWindow::default();
        window.spend((1, 60), at(5));
        assert_eq!(window.ready_in((1, 60), at(5)), Duration::from_secs(60));
        window.refund(at(5));
        assert_eq!(window.ready_in((1, 60), at(5)), Duration::ZERO);
        window.block_until(at(90_000));
        assert_eq!(window.ready_in((1, 60), at(0)), Duration::from_secs(90));
    }
}
