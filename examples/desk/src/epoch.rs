//! Time as the store keeps it: milliseconds since 1970.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::client::Clock;

/// A clock's time.
pub fn epoch_ms(clock: &dyn Clock) -> i64 {
    millis(clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// A duration.
pub fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
