//! Points in time and the account's calendar. Whole milliseconds since the epoch inside, so that
//! every sum is exact; the service itself knows whole seconds only.
//!
//! # Why not the SDK's types
//!
//! The SDK reads the days and times that the simulator writes. With one implementation on both
//! sides a mistake in it would cancel out and no test could see it. So the simulator has its own,
//! by arithmetic on seconds where the SDK uses a calendar library.

use std::fmt;
use std::time::Duration;

/// Seconds of a day.
pub(crate) const DAY_S: i64 = 86_400;

/// The last point in time the simulator goes to (the end of the year 2999).
const LAST_MS: i64 = 32_503_680_000_000 - 1;

/// A point in time, exact to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A point in time by milliseconds since the epoch, kept inside the years 1970 to 2999.
    pub fn from_unix_ms(ms: i64) -> Self {
        Self(ms.clamp(0, LAST_MS))
    }

    /// A point in time by whole seconds since the epoch.
    pub fn from_unix_s(seconds: i64) -> Self {
        Self::from_unix_ms(seconds.saturating_mul(1000))
    }

    /// Reads an RFC 3339 time such as `2026-11-21T09:30:00+05:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = text.trim().parse().ok()?;
        let ms = at.as_millisecond();
        (0..=LAST_MS).contains(&ms).then_some(Self(ms))
    }

    /// Milliseconds since the epoch.
    pub fn unix_ms(self) -> i64 {
        self.0
    }

    /// The second that this is in, since the epoch.
    pub fn second(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The time `by` later.
    pub fn after(self, by: Duration) -> Self {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_ms(self.0.saturating_add(ms))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

/// The account's zone: a fixed offset, since the service sends times without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    offset_s: i64,
}

impl Zone {
    /// Indian standard time, the default.
    pub const INDIA: Self = Self { offset_s: 19_800 };

    /// A zone by its offset in minutes east of Greenwich; `None` beyond 15 hours.
    pub fn from_minutes(minutes: i32) -> Option<Self> {
        (-900..=900).contains(&minutes).then(|| Self { offset_s: i64::from(minutes) * 60 })
    }

    /// Seconds east of Greenwich.
    pub fn offset_s(self) -> i64 {
        self.offset_s
    }

    /// The calendar day of a second since the epoch, as a count of days.
    pub fn day(self, second: i64) -> Day {
        Day((second + self.offset_s).div_euclid(DAY_S))
    }

    /// The first second of a day.
    pub fn day_start(self, day: Day) -> i64 {
        day.0 * DAY_S - self.offset_s
    }

    /// `HH:MM:SS` in the account's zone.
    pub fn time_of_day(self, second: i64) -> String {
        clock_text((second + self.offset_s).rem_euclid(DAY_S))
    }

    /// `YYYY-MM-DD HH:MM:SS` in the account's zone.
    pub fn date_time(self, second: i64) -> String {
        format!("{} {}", self.day(second), self.time_of_day(second))
    }

    /// Reads `YYYY-MM-DD HH:MM:SS`, nothing more and nothing less, as a second since the epoch.
    pub fn parse_date_time(self, text: &str) -> Option<i64> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 19
            && bytes.iter().enumerate().all(|(i, b)| match i {
                4 | 7 => *b == b'-',
                10 => *b == b' ',
                13 | 16 => *b == b':',
                _ => b.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        let at = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
        let utc = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
        Some(utc - self.offset_s)
    }
}

/// A calendar day in the account's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    /// The day `by` days earlier.
    pub fn back(self, by: i64) -> Self {
        Self(self.0 - by)
    }

    /// Days from `earlier` to this day.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0 * DAY_S) {
            Ok(at) => write!(f, "{}", at.strftime("%Y-%m-%d")),
            Err(_) => f.write_str("0000-00-00"),
        }
    }
}

/// Seconds as `HH:MM:SS`, beyond 24 hours too; never negative.
pub fn clock_text(seconds: i64) -> String {
    let s = seconds.max(0);
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_of_the_account() {
        let before = Timestamp::parse("2026-11-21T18:29:59Z").unwrap().second();
        let after = Timestamp::parse("2026-11-21T18:30:00Z").unwrap().second();
        assert_eq!(Zone::INDIA.day(before).to_string(), "2026-11-21");
        assert_eq!(Zone::INDIA.day(after).to_string(), "2026-11-22");
        assert_eq!(Zone::INDIA.date_time(after), "2026-11-22 00:00:00");
        assert_eq!(Zone::INDIA.day_start(Zone::INDIA.day(after)), after);
    }

    #[test]
    fn date_times_are_read_strictly() {
        let zone = Zone::INDIA;
        let at = zone.parse_date_time("2026-11-21 09:30:07").unwrap();
        assert_eq!(zone.date_time(at), "2026-11-21 09:30:07");
        for bad in
            ["2026-11-21", "2026-11-21T09:30:07", "2026-13-21 09:30:07", "21-11-2026 09:30:07"]
        {
            assert_eq!(zone.parse_date_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_go_beyond_a_day() {
        assert_eq!(clock_text(97_809), "27:10:09");
        assert_eq!(clock_text(-1), "00:00:00");
    }
}
