//! Which days are requested, and how often.

use std::time::Duration;

use crate::api::cdr::retention::{NIGHT_OVER, WINDOW_DAYS};
use crate::types::wire::{ClockDuration, Day, LocalDateTime};

/// The age in days at which every day is read a last time: one before the service forgets it, so that a day is left
/// for trying again.
pub const LAST_LOOK: u8 = 14;

/// How far back, how often and how long days are asked for. Values out of range are set to the nearest that is in
/// it.
///
/// ```
/// use ozonetel_sdk::cdr::sync::SyncSettings;
/// let settings = SyncSettings::default().horizon(5).every(std::time::Duration::from_secs(120));
/// assert_eq!(settings.readings_at_most(), 6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncSettings {
    pub(super) back_fill: u8,
    pub(super) horizon: u8,
    pub(super) night_over: ClockDuration,
    pub(super) every: Duration,
    pub(super) spacing: Duration,
    pub(super) batch: usize,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            back_fill: u8::try_from(WINDOW_DAYS).unwrap_or(LAST_LOOK),
            horizon: 3,
            night_over: NIGHT_OVER,
            every: Duration::from_secs(300),
            spacing: Duration::ZERO,
            batch: 200,
        }
    }
}

impl SyncSettings {
    /// How many days before today are followed from the first poll on, 0 to 15. Default: 15, all that the service has.
    /// A sync that began with fewer reads the earlier days later, once it has settings with more; with fewer, it goes on
    /// with all that it follows. Until then, what is missing of the days before its first is in no [`Gap`](super::Gap).
    pub fn back_fill(mut self, days: u8) -> Self {
        self.back_fill = days.min(u8::try_from(WINDOW_DAYS).unwrap_or(LAST_LOOK));
        self
    }

    /// How many nights a day is read again after it is over, 1 to 14. Default: 3.
    ///
    /// Rows of a day that is over change (a call that ran past midnight, after-call work, a disposition set later) and
    /// new ones turn up late; how late, no source says. Three nights cover a weekend in which no one sets a
    /// disposition, and cost three requests a day of the 2,880 that the limit allows. What comes later still is found
    /// by the last look, at an age of [`LAST_LOOK`] days.
    pub fn horizon(mut self, nights: u8) -> Self {
        self.horizon = nights.clamp(1, LAST_LOOK);
        self
    }

    /// The time of day, in the account's zone, from which yesterday is read. Default: 04:00; at most 23:59:59.
    ///
    /// Overnight the service moves rows from today's store to the one of earlier days. What it says on that is that a
    /// day is readable again from about 03:00; the hour on top is for the "about" and for clocks that differ.
    pub fn night_over(mut self, after_midnight: ClockDuration) -> Self {
        self.night_over = after_midnight.min(ClockDuration::from_seconds(86_399));
        self
    }

    /// How often today is read, a minute at least: half of the limit. Default: five minutes.
    pub fn every(mut self, pause: Duration) -> Self {
        self.every = pause.max(Duration::from_secs(60));
        self
    }

    /// The least time between two requests of the sync, for programs that want some of the two requests a minute for
    /// themselves; an hour at most. Default: none, the client's limit alone.
    pub fn spacing(mut self, pause: Duration) -> Self {
        self.spacing = pause.min(Duration::from_secs(3600));
        self
    }

    /// Rows handed to the sink at once, 1 to 10,000; fewer where rows are large. Default: 200.
    pub fn batch(mut self, rows: usize) -> Self {
        self.batch = rows.clamp(1, 10_000);
        self
    }

    /// How often a day is read after it is over, if its rows are all finished, readable and still there: one per
    /// night of the horizon, and the last look. A day for which that does not hold is read once a night up to the
    /// last look: [`LAST_LOOK`] times at most.
    pub fn readings_at_most(&self) -> u8 {
        self.horizon + u8::from(self.horizon < LAST_LOOK)
    }

    /// When a day is due for its reading of the `round`-th night after it.
    pub(super) fn opens(&self, day: Day, round: u8) -> LocalDateTime {
        let mut night = day;
        for _ in 0..round {
            night = night.next();
        }
        night.start().plus(self.night_over)
    }

    /// The night after which a day is wanted next.
    pub(super) fn wanted_after(&self, round: u8, settled: bool) -> Option<u8> {
        (round.saturating_add(1)..=LAST_LOOK)
            .find(|next| !settled || *next <= self.horizon || *next == LAST_LOOK)
    }
}
