//! Wall-clock time as a dependency.

use std::fmt;
use std::time::SystemTime;

use tokio::time::Instant;

/// Tells the time. Waiting goes through tokio's timer; only the reading of the wall clock is here.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The default clock: reads the wall clock once, then counts on with tokio's monotonic time.
///
/// It does not jump when the machine's clock is set, and it stands still and moves with tokio's paused time in tests.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    base: SystemTime,
    start: Instant,
}

impl TokioClock {
    /// Starts at the wall clock's time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn new() -> Self {
        Self::starting_at(SystemTime::now())
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
