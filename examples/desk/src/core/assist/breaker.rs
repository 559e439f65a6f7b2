//! A circuit breaker: a provider that fails again and again is left alone for a while.

/// After how many failures in a row a provider is left alone.
const FAILURES: u32 = 3;

/// For how long first; twice as long after each trial that fails.
const FIRST_MS: i64 = 5_000;

/// For how long at most.
const LONGEST_MS: i64 = 120_000;

/// How long a trial keeps others from trying.
const TRIAL_MS: i64 = 15_000;

/// Whether a provider may be asked.
///
/// ```
/// use desk::core::assist::breaker::Breaker;
///
/// let mut breaker = Breaker::default();
/// for _ in 0..3 {
///     assert!(breaker.may_try(0));
///     breaker.failed(0);
/// }
/// assert!(!breaker.may_try(4_999));
/// assert!(breaker.may_try(5_000));
/// assert!(!breaker.may_try(5_001), "one tries for all");
/// breaker.succeeded();
/// assert!(breaker.may_try(5_002));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    failures: u32,
    /// Until when no one tries.
    closed_until_ms: Option<i64>,
    pause_ms: i64,
}

impl Breaker {
    /// Whether it may be asked now. While it is left alone, one who asks at the end of that time tries for all.
    pub fn may_try(&mut self, now_ms: i64) -> bool {
        match self.closed_until_ms {
            None => true,
            Some(until) if now_ms < until => false,
            Some(_) => {
                self.closed_until_ms = Some(now_ms.saturating_add(TRIAL_MS));
                true
            }
        }
    }

    /// Whether it is left alone now. Asks nothing.
    pub fn is_open(&self, now_ms: i64) -> bool {
        self.closed_until_ms.is_some_and(|until| now_ms < until)
    }

    /// It answered.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// It did not.
    pub fn failed(&mut self, now_ms: i64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            let doubled = self.pause_ms.saturating_mul(2);
            self.pause_ms = doubled.clamp(FIRST_MS, LONGEST_MS);
            self.closed_until_ms = Some(now_ms.saturating_add(self.pause_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let (mut breaker, mut now) = (Breaker::default(), 0);
        breaker.failed(now);
        breaker.failed(now);
        assert!(!breaker.is_open(now));
        for pause in [5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000] {
            breaker.failed(now);
            assert!(breaker.is_open(now + pause - 1) && !breaker.may_try(now + pause - 1));
            now += pause;
            assert!(breaker.may_try(now));
        }
        // Whoever tried has died: the next one tries.
        assert!(!breaker.may_try(now + TRIAL_MS - 1) && breaker.may_try(now + TRIAL_MS));
    }

    proptest! {
        #[test]
        fn it_is_asked_again_within_the_longest_pause(failures in 0_u32..200, now: i64) {
            let mut breaker = Breaker::default();
            for _ in 0..failures {
                breaker.failed(now);
            }
            prop_assert!(breaker.may_try(now.saturating_add(LONGEST_MS)) || now > i64::MAX - LONGEST_MS);
        }
    }
}
