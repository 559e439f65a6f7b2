//! Wall-clock time as a dependency.

use std::fmt;
use std::time::SystemTime;

use tokio::time::Instant;

/// Returns the time of day: for days, for tokens that expire, and for windows that processes share. Waits and durations
/// never go by it, but by tokio's monotonic time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// Milliseconds since 1970: what shared state is written in.
pub(crate) fn unix_millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The default clock: the machine's, asked every time, so that one that was set or a machine that slept is noticed.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock for tests: starts at a given time and advances with tokio's, so that it stops and moves with tokio's
/// paused time.
///
/// A client under paused time needs it, or another that moves with it: by [`SystemClock`] a window of a minute stays
/// shut for a minute, however fast tokio's time goes.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use ozonetel_sdk::client::{Clock, TokioClock};
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
/// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600);
/// let clock = TokioClock::starting_at(noon);
/// tokio::time::sleep(Duration::from_secs(3600)).await;
/// assert_eq!(clock.now(), noon + Duration::from_secs(3600));
/// # });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    base: SystemTime,
    start: Instant,
}

impl TokioClock {
    /// Starts at the wall clock's time.
    pub fn new() -> Self {
        Self::starting_at(SystemClock.now())
    }

    /// Starts at a given time.
    pub fn starting_at(base: SystemTime) -> Self {
        Self { base, start: Instant::now() }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        self.base + self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_default_clock_goes_by_the_machine_and_the_one_for_tests_by_tokio() {
        let (machine, test) = (SystemClock.now(), TokioClock::starting_at(SystemTime::UNIX_EPOCH));
        let day = Duration::from_secs(86_400);
        tokio::time::sleep(day).await;
        assert_eq!(test.now(), SystemTime::UNIX_EPOCH + day);
        assert!(SystemClock.now() < machine + day / 2);
    }
}
