//! Rate windows as the service counts them: a sliding log per class.

use std::collections::{BTreeMap, VecDeque};

use super::time::Timestamp;

/// A sliding log: at most `limit` spends in any `per` seconds.
#[derive(Clone, Debug)]
pub struct RateWindow {
    limit: usize,
    per_ms: i64,
    spent: VecDeque<Timestamp>,
}

impl RateWindow {
    /// A window of so many spends per so many seconds.
    pub fn new(limit: u32, per_s: u32) -> Self {
        Self { limit: limit as usize, per_ms: i64::from(per_s) * 1000, spent: VecDeque::new() }
    }

    /// Spends one if the window allows it. A refused attempt costs nothing.
    pub fn spend(&mut self, now: Timestamp) -> bool {
        while self.spent.front().is_some_and(|t| now.unix_ms() - t.unix_ms() >= self.per_ms) {
            self.spent.pop_front();
        }
        if self.spent.len() >= self.limit {
            return false;
        }
        self.spent.push_back(now);
        true
    }
}

/// The account's windows, by rate class.
#[derive(Clone, Debug, Default)]
pub(crate) struct RateWindows(BTreeMap<String, RateWindow>);

impl RateWindows {
    pub(crate) fn spend(&mut self, class: &str, limit: u32, per_s: u32, now: Timestamp) -> bool {
        self.0.entry(class.to_owned()).or_insert_with(|| RateWindow::new(limit, per_s)).spend(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_more_than_the_limit_in_any_window(
            limit in 1u32..5,
            per in 1u32..60,
            gaps in prop::collection::vec(0i64..30_000, 1..80),
        ) {
            let mut window = RateWindow::new(limit, per);
            let mut now = Timestamp::from_unix_s(1_800_000_000);
            let mut granted: Vec<i64> = Vec::new();
            for gap in gaps {
                now = Timestamp::from_unix_ms(now.unix_ms() + gap);
                let recent = granted
                    .iter()
                    .filter(|t| now.unix_ms() - **t < i64::from(per) * 1000)
                    .count();
                let allowed = window.spend(now);
                prop_assert_eq!(allowed, recent < limit as usize);
                if allowed {
                    granted.push(now.unix_ms());
                }
            }
        }
    }
}
