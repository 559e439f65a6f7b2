//! Durations, days and times as the service writes them.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::scalar::{Scalar, text};
use crate::types::invalid::Invalid;

/// Text forms shared by every type of this page.
macro_rules! as_text {
    ($name:ident, $field:literal, $expected:literal) => {
        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::parse(text).ok_or(Invalid::new($field, $expected))
            }
        }

        impl Scalar for $name {
            fn is_nothing(text: &str) -> bool {
                super::scalar::means_nothing(text)
            }

            fn read(text: &str) -> Result<Self, &'static str> {
                Self::parse(text).ok_or($expected)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::parse(&text(from)?).ok_or_else(|| de::Error::custom($expected))
            }
        }
    };
}

/// Two digits as a number.
fn two([tens, ones]: [u8; 2]) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// `HH:MM:SS` as seconds: nearly every duration and time of a row, without a search.
fn short_clock(text: &str) -> Option<u32> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *text.as_bytes() else { return None };
    let (minutes, seconds) = (two([m1, m2])?, two([s1, s2])?);
    let hours = two([h1, h2])?;
    (minutes < 60 && seconds < 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// A clock with blanks around it or more digits in front.
fn any_clock(text: &str) -> Option<u32> {
    short_clock(text).or_else(|| clock_text(text.trim()))
}

/// `YYYY-MM-DD`, without a search.
fn short_day(text: &str) -> Option<jiff::civil::Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else { return None };
    let year = two([y1, y2])? * 100 + two([y3, y4])?;
    let (month, day) = (two([m1, m2])?, two([d1, d2])?);
    let date = jiff::civil::Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    );
    date.ok()
}

/// A day in ten letters, as jiff reads it.
fn any_day(text: &str) -> Option<jiff::civil::Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// `HH:MM:SS` as seconds; the hours may have any number of digits from two up.
fn clock_text(text: &str) -> Option<u32> {
    let (hours, rest) = text.split_once(':')?;
    let (minutes, seconds) = rest.split_once(':')?;
    let number = |part: &str| {
        (part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u32>().ok()).flatten()
    };
    let whole = |part: &str| (part.len() == 2).then(|| number(part)).flatten().filter(|n| *n < 60);
    let hours = Some(hours).filter(|h| (2..=7).contains(&h.len())).and_then(number)?;
    hours.checked_mul(3600)?.checked_add(whole(minutes)? * 60)?.checked_add(whole(seconds)?)
}

/// A duration `HH:MM:SS`, which may exceed a day.
///
/// ```
/// use ozonetel_sdk::types::ClockDuration;
/// let login: ClockDuration = "27:10:09".parse()?;
/// assert_eq!(login.seconds(), 27 * 3600 + 609);
/// assert_eq!(ClockDuration::from_seconds(97_261).to_string(), "27:01:01");
/// assert!("00:00:60".parse::<ClockDuration>().is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ClockDuration(u32);

impl ClockDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    fn parse(text: &str) -> Option<Self> {
        any_clock(text).map(Self)
    }

    /// From whole seconds.
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Whole seconds.
    pub fn seconds(self) -> u32 {
        self.0
    }

    /// As a [`Duration`].
    pub fn duration(self) -> Duration {
        Duration::from_secs(self.0.into())
    }
}

impl std::ops::Add for ClockDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::iter::Sum for ClockDuration {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, |a, b| a + b)
    }
}

impl fmt::Display for ClockDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0 / 3600, self.0 / 60 % 60, self.0 % 60)
    }
}

as_text!(ClockDuration, "duration", "expected a duration HH:MM:SS");

/// A time of day `HH:MM:SS` in the account's zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u32);

impl TimeOfDay {
    fn parse(text: &str) -> Option<Self> {
        any_clock(text).filter(|s| *s < 86_400).map(Self)
    }

    /// Seconds since midnight.
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ClockDuration(self.0).fmt(f)
    }
}

as_text!(TimeOfDay, "time", "expected a time of day HH:MM:SS");

/// A calendar day `YYYY-MM-DD` in the account's zone.
///
/// ```
/// use ozonetel_sdk::types::Day;
/// let day: Day = "2026-02-28".parse()?;
/// assert_eq!(day.next().to_string(), "2026-03-01");
/// assert_eq!(day.days_until("2026-03-02".parse()?), 2);
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(jiff::civil::Date);

impl Day {
    fn parse(text: &str) -> Option<Self> {
        short_day(text).or_else(|| any_day(text.trim())).map(Self)
    }

    /// The day after; the last day there is stays itself.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }

    /// The day before; the first day there is stays itself.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.yesterday().unwrap_or(self.0))
    }

    /// How many days later `other` is; negative if it is earlier.
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }

    /// The first second of the day.
    pub fn start(self) -> LocalDateTime {
        LocalDateTime(self.0.at(0, 0, 0, 0))
    }

    /// The last second of the day.
    pub fn end(self) -> LocalDateTime {
        LocalDateTime(self.0.at(23, 59, 59, 0))
    }

    /// A moment of the day.
    pub fn at(self, time: TimeOfDay) -> LocalDateTime {
        self.start().plus(ClockDuration(time.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

as_text!(Day, "date", "expected a day YYYY-MM-DD");

/// A date and time `YYYY-MM-DD HH:MM:SS` in the account's zone; the service never sends an offset.
///
/// ```
/// use ozonetel_sdk::types::{LocalDateTime, Zone};
/// let at: LocalDateTime = "2025-09-01 11:49:33".parse()?;
/// let instant = at.instant(&"+05:30".parse::<Zone>()?);
/// assert_eq!(instant.duration_since(std::time::UNIX_EPOCH)?.as_secs(), 1_756_707_573);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalDateTime(jiff::civil::DateTime);

impl LocalDateTime {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let shape =
            matches!(text.len(), 16 | 19) && matches!(text.as_bytes().get(10), Some(b' ' | b'T'));
        let read = || text.parse::<jiff::civil::DateTime>().ok();
        shape.then(read).flatten().filter(|at| at.subsec_nanosecond() == 0).map(Self)
    }

    /// The calendar day.
    pub fn day(self) -> Day {
        Day(self.0.date())
    }

    /// The time of day.
    pub fn time(self) -> TimeOfDay {
        let (h, m, s) = (self.0.hour(), self.0.minute(), self.0.second());
        let part = |n: i8| u32::try_from(n).unwrap_or(0);
        TimeOfDay(part(h) * 3600 + part(m) * 60 + part(s))
    }

    /// Later by a duration.
    #[must_use]
    pub fn plus(self, by: ClockDuration) -> Self {
        Self(self.0.saturating_add(jiff::SignedDuration::from_secs(by.0.into())))
    }

    /// The instant, given the account's zone. A time that a clock change skips or repeats is read as the earlier
    /// offset.
    pub fn instant(self, zone: &Zone) -> SystemTime {
        match zone.0.to_ambiguous_zoned(self.0).compatible() {
            Ok(zoned) => SystemTime::from(zoned.timestamp()),
            Err(_) => SystemTime::UNIX_EPOCH,
        }
    }

    /// Without seconds, `YYYY-MM-DD HH:MM`: how a call-back time is sent.
    pub fn to_minutes(self) -> String {
        self.0.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

impl fmt::Display for LocalDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y-%m-%d %H:%M:%S").fmt(f)
    }
}

as_text!(LocalDateTime, "time", "expected a time YYYY-MM-DD HH:MM:SS");

/// The zone that an account's days and times are in: a fixed offset (`+05:30`) or a zone's name.
///
/// ```
/// use ozonetel_sdk::types::Zone;
/// let zone: Zone = "+05:30".parse()?;
/// let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(19 * 3600);
/// assert_eq!(zone.stamp(at).to_string(), "1970-01-02 00:30:00");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

impl Zone {
    /// India Standard Time, `+05:30`.
    pub fn india() -> Self {
        Self(jiff::tz::TimeZone::fixed(
            jiff::tz::Offset::constant(5).saturating_add(jiff::SignedDuration::from_mins(30)),
        ))
    }

    /// The date and time of an instant; before the year -9999 and beyond 9999 it stops at the end.
    pub fn stamp(&self, at: SystemTime) -> LocalDateTime {
        let end = match at.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(_) => jiff::Timestamp::MAX,
            Err(_) => jiff::Timestamp::MIN,
        };
        let at = jiff::Timestamp::try_from(at).unwrap_or(end);
        let whole = jiff::Timestamp::from_second(at.as_second()).unwrap_or(at);
        LocalDateTime(self.0.to_datetime(whole))
    }

    /// The calendar day of an instant.
    pub fn day(&self, at: SystemTime) -> Day {
        self.stamp(at).day()
    }
}

impl FromStr for Zone {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let offset = || {
            let (sign, rest) = text.split_at_checked(1)?;
            let (hours, minutes) =
                rest.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
            let seconds = clock_text(&format!("{hours}:{minutes}:00")).filter(|s| *s <= 86_400)?;
            let seconds = i32::try_from(seconds).ok()?;
            let seconds = match sign {
                "+" => seconds,
                "-" => -seconds,
                _ => return None,
            };
            jiff::tz::Offset::from_seconds(seconds).ok().map(jiff::tz::TimeZone::fixed)
        };
        let named = || match text {
            "" => None,
            "Z" | "UTC" => Some(jiff::tz::TimeZone::UTC),
            _ => jiff::tz::TimeZone::get(text).ok(),
        };
        let expected = "expected an offset such as +05:30 or a zone's name such as Asia/Kolkata";
        offset().or_else(named).map(Self).ok_or(Invalid::new("timezone", expected))
    }
}

/// As [`FromStr`] takes it: an offset or a name.
///
/// ```
/// use ozonetel_sdk::types::Zone;
///
/// assert_eq!(Zone::india().to_string(), "+05:30");
/// ```
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.iana_name(), self.0.to_fixed_offset()) {
            (Some(name), _) => f.write_str(name),
            (None, Ok(offset)) => {
                let (sign, all) = (if offset.is_negative() { '-' } else { '+' }, offset.seconds());
                write!(f, "{sign}{:02}:{:02}", all.abs() / 3600, all.abs() / 60 % 60)
            }
            (None, Err(_)) => f.write_str("Z"),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.iana_name(), self.0.to_fixed_offset()) {
            (Some(name), _) => write!(f, "Zone({name})"),
            (None, Ok(offset)) => write!(f, "Zone({offset})"),
            (None, Err(_)) => f.write_str("Zone(…)"),
        }
    }
}

impl From<ClockDuration> for Duration {
    fn from(duration: ClockDuration) -> Self {
        duration.duration()
    }
}

impl From<ClockDuration> for jiff::SignedDuration {
    fn from(duration: ClockDuration) -> Self {
        Self::from_secs(duration.0.into())
    }
}

impl TryFrom<Duration> for ClockDuration {
    type Error = Invalid;

    /// Whole seconds; a fraction is cut.
    fn try_from(duration: Duration) -> Result<Self, Invalid> {
        let seconds = u32::try_from(duration.as_secs());
        seconds.map(Self).map_err(|_| Invalid::new("duration", "is longer than 136 years"))
    }
}

impl From<jiff::civil::Date> for Day {
    fn from(date: jiff::civil::Date) -> Self {
        Self(date)
    }
}

impl From<Day> for jiff::civil::Date {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl From<jiff::civil::Time> for TimeOfDay {
    /// Whole seconds; a fraction is cut.
    fn from(time: jiff::civil::Time) -> Self {
        LocalDateTime(jiff::civil::Date::default().to_datetime(time)).time()
    }
}

impl From<TimeOfDay> for jiff::civil::Time {
    fn from(time: TimeOfDay) -> Self {
        Day(jiff::civil::Date::default()).at(time).0.time()
    }
}

impl From<jiff::civil::DateTime> for LocalDateTime {
    /// Whole seconds; a fraction is cut.
    fn from(at: jiff::civil::DateTime) -> Self {
        Self(at.with().subsec_nanosecond(0).build().unwrap_or(at))
    }
}

impl From<LocalDateTime> for jiff::civil::DateTime {
    fn from(at: LocalDateTime) -> Self {
        at.0
    }
}

impl From<jiff::tz::TimeZone> for Zone {
    fn from(zone: jiff::tz::TimeZone) -> Self {
        Self(zone)
    }
}

impl From<Zone> for jiff::tz::TimeZone {
    fn from(zone: Zone) -> Self {
        zone.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is read without a search is what the search finds.
        #[test]
        fn the_short_way_reads_what_the_long_way_reads(
            clock in "[ 0-9:]{0,3}[0-9/:;]{2}[:0][0-9/:;]{2}[:0][0-9/:;]{2}",
            day in "[0-9+-]{0,2}[0-9/]{2}[0-9]{2}[-0][01][0-9:][-0][0-3][0-9/]",
        ) {
            prop_assert_eq!(any_clock(&clock), clock_text(clock.trim()));
            prop_assert_eq!(Day::parse(&day).map(|day| day.0), any_day(day.trim()));
        }

        #[test]
        fn every_short_clock_and_day_is_read_as_before(
            parts in prop::array::uniform3(0u32..100), year in 0u32..10000, month in 0u32..20, date in 0u32..40,
        ) {
            let [hours, minutes, seconds] = parts;
            let clock = format!("{hours:02}:{minutes:02}:{seconds:02}");
            prop_assert_eq!(any_clock(&clock), clock_text(&clock));
            let day = format!("{year:04}-{month:02}-{date:02}");
            prop_assert_eq!(Day::parse(&day).map(|day| day.0), any_day(&day));
        }

        #[test]
        fn a_duration_prints_what_it_reads(seconds in 0u32..36_000_000) {
            let text = ClockDuration(seconds).to_string();
            prop_assert_eq!(text.parse::<ClockDuration>().unwrap(), ClockDuration(seconds));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in ".{0,24}") {
            let _ = (ClockDuration::parse(&text), Day::parse(&text), LocalDateTime::parse(&text), TimeOfDay::parse(&text));
            let _ = text.parse::<Zone>();
        }

        #[test]
        fn a_stamp_and_its_instant_agree(seconds in 0u64..4_000_000_000) {
            let zone = Zone::india();
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let stamp = zone.stamp(at);
            prop_assert_eq!(stamp.instant(&zone), at);
            prop_assert_eq!(stamp.to_string().parse::<LocalDateTime>().unwrap(), stamp);
            prop_assert_eq!(stamp.day().at(stamp.time()), stamp);
        }
    }

    #[test]
    fn what_the_service_cannot_mean_is_refused() {
        for text in [
            "-01:00:00",
            "1:00:00",
            "00:60:00",
            "00:00:60",
            "00:00",
            "00:00:00:00",
            "aa:00:00",
            "+1:00:00",
        ] {
            assert!(text.parse::<ClockDuration>().is_err(), "{text}");
        }
        assert!("24:00:00".parse::<TimeOfDay>().is_err());
        for text in ["2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00:00"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn times_convert_from_and_to_jiffs_types() {
        let at = jiff::civil::date(2026, 2, 28).at(23, 59, 58, 999_999_999);
        let local = LocalDateTime::from(at);
        assert_eq!(local.to_string(), "2026-02-28 23:59:58");
        assert_eq!(jiff::civil::DateTime::from(local), at.date().at(23, 59, 58, 0));
        assert_eq!(Day::from(at.date()), local.day());
        assert_eq!(jiff::civil::Date::from(local.day()), at.date());
        assert_eq!(TimeOfDay::from(at.time()), local.time());
        assert_eq!(jiff::civil::Time::from(local.time()), jiff::civil::time(23, 59, 58, 0));
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(5));
        assert_eq!(jiff::tz::TimeZone::from(Zone::from(zone.clone())), zone);
        let minute = ClockDuration::try_from(Duration::from_millis(60_900)).unwrap();
        assert_eq!(Duration::from(minute).as_secs(), 60);
        assert_eq!(jiff::SignedDuration::from(minute).as_secs(), 60);
        assert!(ClockDuration::try_from(Duration::MAX).is_err());
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_its_last_day_and_not_1970() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(300_000_000_000);
        assert_eq!(Zone::india().day(far).to_string(), "9999-12-31");
        let long_ago = SystemTime::UNIX_EPOCH - Duration::from_secs(400_000_000_000);
        assert_eq!(
            Zone::india().day(long_ago),
            Zone::india().day(long_ago - Duration::from_secs(9))
        );
        assert!(Zone::india().day(long_ago) < Zone::india().day(SystemTime::UNIX_EPOCH));
    }

    #[test]
    fn zones_are_offsets_or_names() {
        assert_eq!("+05:30".parse::<Zone>().unwrap(), Zone::india());
        assert_eq!(format!("{:?}", "-08:00".parse::<Zone>().unwrap()), "Zone(-08)");
        for text in ["+05:30", "-08:00", "UTC", "-03:30", "Asia/Kolkata", "America/New_York"] {
            let zone: Zone = text.parse().unwrap();
            assert_eq!(zone.to_string(), text);
            assert_eq!(zone.to_string().parse::<Zone>().unwrap(), zone);
        }
        assert_eq!("+00:00".parse::<Zone>().unwrap().to_string(), "UTC");
        assert!("+5:30".parse::<Zone>().is_err());
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }
}
