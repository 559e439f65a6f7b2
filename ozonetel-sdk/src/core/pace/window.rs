//! A sliding log of requests.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::core::clock::unix_millis;

/// So many requests in so long a time.
///
/// ```
/// use std::time::Duration;
/// use ozonetel_sdk::client::RateLimit;
/// use ozonetel_sdk::endpoint::Rate;
/// let published = Rate::Cdr.limit().ok_or("none is published")?;
/// let limit = RateLimit::published(published).with_margin(Duration::from_secs(1));
/// assert_eq!((limit.requests, limit.length), (2, Duration::from_secs(61)));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many.
    pub requests: u32,
    /// In how long a time.
    pub length: Duration,
}

impl RateLimit {
    /// As the service publishes it: requests, and seconds.
    pub fn published((requests, seconds): (u32, u32)) -> Self {
        Self { requests, length: Duration::from_secs(seconds.into()) }
    }

    /// The same with a margin: requests arrive later than they are sent, and not all equally late.
    #[must_use]
    pub fn with_margin(self, margin: Duration) -> Self {
        Self { length: self.length.saturating_add(margin), ..self }
    }

    fn millis(self) -> u64 {
        u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX)
    }
}

/// When requests of one class went out. Times are milliseconds since 1970.
///
/// A time from the future means that the clock was set back: it counts as now, which is later than it can have been.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ozonetel_sdk::client::{RateLimit, RateWindow};
/// let (mut window, now) = (RateWindow::default(), SystemTime::UNIX_EPOCH);
/// let two_a_minute = RateLimit::published((2, 60));
/// window.spend(two_a_minute, now);
/// window.spend(two_a_minute, now + Duration::from_secs(10));
/// assert_eq!(window.ready_in(two_a_minute, now + Duration::from_secs(20)), Duration::from_secs(40));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateWindow {
    log: VecDeque<u64>,
    /// Requests that are about to be sent, and when their room was taken.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    taken: VecDeque<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blocked: Option<Block>,
}

/// No request from one time to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Block {
    from: u64,
    until: u64,
}

/// In milliseconds.
const LONGEST_BLOCK: u64 = 3_600_000;

impl Block {
    /// As long as it was meant to be, an hour at most, and not from a time that has not come.
    fn pulled_in(self, now: u64) -> Self {
        let length = self.until.saturating_sub(self.from).min(LONGEST_BLOCK);
        let from = self.from.min(now);
        Self { from, until: from.saturating_add(length) }
    }
}

impl RateWindow {
    /// With no room left: as many requests as fit, all of them now. What stands for a log that was lost.
    pub fn used_up(limit: RateLimit, now: SystemTime) -> Self {
        let requests = usize::try_from(limit.requests).unwrap_or(usize::MAX);
        Self { log: std::iter::repeat_n(unix_millis(now), requests).collect(), ..Self::default() }
    }

    /// How long until one more request fits, beside those that are about to be sent.
    pub fn ready_in(&self, limit: RateLimit, now: SystemTime) -> Duration {
        let mut all: Vec<_> = self.log.iter().chain(&self.taken).copied().collect();
        all.sort_unstable();
        self.free_in(&all, limit, now)
    }

    fn free_in(&self, log: &[u64], limit: RateLimit, now: SystemTime) -> Duration {
        let now = unix_millis(now);
        let requests = usize::try_from(limit.requests).unwrap_or(usize::MAX);
        let oldest = log.len().checked_sub(requests).and_then(|at| log.get(at));
        let full = oldest
            .map_or(0, |at| (*at).min(now).saturating_add(limit.millis()).saturating_sub(now));
        let blocked =
            self.blocked.map_or(0, |block| block.pulled_in(now).until.saturating_sub(now));
        Duration::from_millis(full.max(blocked))
    }

    /// Takes room for a request that will be sent; zero if there was room.
    pub(super) fn take(&mut self, limit: RateLimit, now: SystemTime) -> Duration {
        let wait = self.ready_in(limit, now);
        if wait.is_zero() {
            self.taken.push_back(unix_millis(now));
            trim(&mut self.taken, limit, now);
        }
        wait
    }

    /// Gives room back that was taken at a time.
    pub(super) fn give_back(&mut self, at: SystemTime) {
        remove(&mut self.taken, at);
    }

    /// Sends the request whose room was taken at a time; zero if it may go. Only what was sent stands in its way: room
    /// that others have taken may never be used.
    pub(super) fn send(
        &mut self,
        taken: SystemTime,
        limit: RateLimit,
        now: SystemTime,
    ) -> Duration {
        self.give_back(taken);
        let sent: Vec<_> = self.log.iter().copied().collect();
        let wait = self.free_in(&sent, limit, now);
        if wait.is_zero() {
            self.spend(limit, now);
        }
        wait
    }

    /// How many requests count at this time.
    pub fn used(&self, limit: RateLimit, now: SystemTime) -> usize {
        let now = unix_millis(now);
        let counts = |at: &&u64| (**at).min(now).saturating_add(limit.millis()) > now;
        self.log.iter().filter(counts).count()
    }

    /// Notes a request.
    pub fn spend(&mut self, limit: RateLimit, now: SystemTime) {
        self.pull_in(now);
        self.log.push_back(unix_millis(now));
        trim(&mut self.log, limit, now);
    }

    /// Takes a request back that did not go out.
    pub fn refund(&mut self, at: SystemTime) {
        remove(&mut self.log, at);
    }

    /// No request for so long, an hour at most.
    pub fn block(&mut self, wait: Duration, now: SystemTime) {
        self.pull_in(now);
        let from = unix_millis(now);
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).min(LONGEST_BLOCK);
        let until = from.saturating_add(wait);
        if self.blocked.is_none_or(|block| block.until < until) {
            self.blocked = Some(Block { from, until });
        }
    }

    /// Puts in order what another clock, another program or a damaged file may have left: times that have not come
    /// become now, once and for all, so that a clock that was set back does not keep the window shut until it has
    /// caught up.
    pub fn pull_in(&mut self, now: SystemTime) {
        let now = unix_millis(now);
        for log in [&mut self.log, &mut self.taken] {
            for at in log.iter_mut() {
                *at = (*at).min(now);
            }
            log.make_contiguous().sort_unstable();
        }
        self.blocked =
            self.blocked.map(|block| block.pulled_in(now)).filter(|block| block.until > now);
    }
}

/// Leaves what still counts.
fn trim(log: &mut VecDeque<u64>, limit: RateLimit, now: SystemTime) {
    let now = unix_millis(now);
    while log.len() > usize::try_from(limit.requests).unwrap_or(usize::MAX)
        || log.front().is_some_and(|first| first.saturating_add(limit.millis()) <= now)
    {
        log.pop_front();
    }
}

fn remove(log: &mut VecDeque<u64>, at: SystemTime) {
    let at = unix_millis(at);
    if let Some(found) = log.iter().rposition(|spent| *spent == at) {
        log.remove(found);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(ms)
    }

    fn limit(requests: u32, seconds: u32) -> RateLimit {
        RateLimit::published((requests, seconds))
    }

    proptest! {
        /// However long callers pause, no window of `per` ever holds more than `limit` requests.
        #[test]
        fn never_more_than_the_limit_in_any_window(
            requests in 1u32..6, seconds in 1u32..90, pauses in prop::collection::vec(0u64..40_000, 1..60)
        ) {
            let limit = limit(requests, seconds);
            let (mut window, mut now, mut sent) = (RateWindow::default(), 1_000_000, Vec::new());
            for pause in pauses {
                now += pause;
                let wait = window.ready_in(limit, at(now));
                now += u64::try_from(wait.as_millis()).unwrap();
                prop_assert_eq!(window.ready_in(limit, at(now)), Duration::ZERO);
                window.spend(limit, at(now));
                sent.push(now);
            }
            let per = u64::from(seconds) * 1000;
            for first in &sent {
                let inside = sent.iter().filter(|t| **t >= *first && **t < first + per).count();
                prop_assert!(inside <= requests as usize);
            }
            prop_assert!(window.log.len() <= requests as usize);
        }

        /// No wait is longer than needed: just before it ends, the window is still full.
        #[test]
        fn never_waits_too_long(requests in 1u32..4, gaps in prop::collection::vec(1u64..20_000, 4..12)) {
            let limit = limit(requests, 60);
            let (mut window, mut now) = (RateWindow::default(), 0);
            for gap in gaps {
                now += gap;
                if window.ready_in(limit, at(now)).is_zero() { window.spend(limit, at(now)); }
            }
            let wait = window.ready_in(limit, at(now));
            let oldest = window.log[window.log.len().saturating_sub(requests as usize)];
            prop_assert!(wait.is_zero() || at(now) + wait == at(oldest + 60_000));
        }

        /// A clock that is set to anything, again and again: by true time no window ever holds more than `limit`
        /// requests unless the clock was set forward, and none stays shut for longer than its length.
        #[test]
        fn a_clock_set_back_neither_opens_a_window_early_nor_keeps_it_shut(
            requests in 1u32..4,
            turns in prop::collection::vec((0u64..30_000, prop_oneof![3 => Just(0u64), 1 => 0u64..10_000_000]), 1..60)
        ) {
            let limit = limit(requests, 60);
            let mut window = RateWindow::default();
            // How far the clock is behind the true time.
            let (mut truly, mut behind, mut sent) = (20_000_000_000_u64, 0_u64, Vec::new());
            for (pause, set_back) in turns {
                truly += pause;
                behind += set_back;
                let wait = u64::try_from(window.ready_in(limit, at(truly - behind)).as_millis()).unwrap();
                prop_assert!(wait <= 60_000);
                window.pull_in(at(truly - behind));
                truly += wait;
                prop_assert_eq!(window.ready_in(limit, at(truly - behind)), Duration::ZERO);
                window.spend(limit, at(truly - behind));
                sent.push(truly);
            }
            for first in &sent {
                let inside = sent.iter().filter(|t| **t >= *first && **t < first + 60_000).count();
                prop_assert!(inside <= requests as usize);
            }
        }
    }

    #[test]
    fn room_that_is_taken_again_and_again_keeps_no_one_from_sending() {
        let (mut window, one) = (RateWindow::default(), limit(1, 60));
        assert_eq!(window.take(one, at(0)), Duration::ZERO);
        // Slower than the window: others have the room meanwhile, and do not use it either.
        assert_eq!(window.take(one, at(60_000)), Duration::ZERO);
        assert_eq!(window.send(at(0), one, at(90_000)), Duration::ZERO);
        assert_eq!(window.send(at(60_000), one, at(100_000)), Duration::from_secs(50));
        assert_eq!(window.ready_in(one, at(150_000)), Duration::ZERO);
    }

    #[test]
    fn a_refund_frees_the_slot_and_a_block_holds() {
        let (mut window, one) = (RateWindow::default(), limit(1, 60));
        window.spend(one, at(5));
        assert_eq!(window.ready_in(one, at(5)), Duration::from_secs(60));
        window.refund(at(5));
        assert_eq!(window.ready_in(one, at(5)), Duration::ZERO);
        window.block(Duration::from_secs(90), at(0));
        assert_eq!(window.ready_in(one, at(0)), Duration::from_secs(90));
        // A shorter one does not shorten it.
        window.block(Duration::from_secs(5), at(0));
        assert_eq!(window.ready_in(one, at(0)), Duration::from_secs(90));
    }

    #[test]
    fn a_clock_set_back_by_an_hour_shuts_a_window_for_its_length_once() {
        let (mut window, two, hour) = (RateWindow::default(), limit(2, 60), 3_600_000);
        window.spend(two, at(2 * hour));
        window.spend(two, at(2 * hour));
        window.block(Duration::from_secs(70), at(2 * hour));
        assert_eq!(window.ready_in(two, at(hour)), Duration::from_secs(70));
        window.pull_in(at(hour));
        assert_eq!(window.ready_in(two, at(hour + 69_000)), Duration::from_secs(1));
        assert_eq!(window.ready_in(two, at(hour + 70_000)), Duration::ZERO);
    }

    #[test]
    fn a_file_that_was_written_by_hand_shuts_no_window_for_longer_than_an_hour() {
        let two = limit(2, 60);
        let text = r#"{"log":[5,18446744073709551615,1],"blocked":{"from":7,"until":18446744073709551615}}"#;
        let mut window: RateWindow = serde_json::from_str(text).unwrap();
        assert_eq!(window.ready_in(two, at(10)), Duration::from_millis(3_599_997));
        window.pull_in(at(10));
        assert_eq!(window.log, [1, 5, 10]);
        assert_eq!(window.used(two, at(10)), 3);
        assert_eq!(window.ready_in(two, at(3_600_007)), Duration::ZERO);
        // What has no log is no window.
        assert!(serde_json::from_str::<RateWindow>("{}").is_err());
        let full = RateWindow::used_up(two, at(10));
        assert_eq!((full.ready_in(two, at(10)).as_secs(), full.used(two, at(10))), (60, 2));
    }
}
