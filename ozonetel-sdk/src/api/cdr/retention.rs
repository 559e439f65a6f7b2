//! How long the service keeps records, and when a day is complete.

use crate::types::wire::ClockDuration;

/// How far back the service keeps records, in days.
pub const WINDOW_DAYS: i32 = 15;

/// How long after midnight, in the account's zone, the day before can be counted on to be complete. Overnight the
/// service moves rows from today's store to the one of earlier days, and says that they can be read again from about
/// 03:00; the hour on top is for the "about" and for clocks that differ.
pub const NIGHT_OVER: ClockDuration = ClockDuration::from_seconds(4 * 3600);
