//! What a store has of a range: days that were read whole, in part, or never, and gaps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ozonetel_sdk::cdr::sync::Gap;
use ozonetel_sdk::cdr::{NIGHT_OVER, WINDOW_DAYS};
use ozonetel_sdk::types::{Day, LocalDateTime, Zone};
use ozonetel_store::Store;

use super::place::failure;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::notes::note;

/// From when on the service has all of a day.
pub(super) fn whole_from(day: Day) -> LocalDateTime {
    day.next().start().plus(NIGHT_OVER)
}

/// A time in seconds since the epoch.
pub(super) fn instant(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

/// A day that was read before the service had all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartDay {
    pub(super) day: Day,
    /// When it was last read.
    pub(super) at: LocalDateTime,
}

impl PartDay {
    /// The day, if it was read then in part only.
    pub(super) fn of(day: Day, read_at: SystemTime, zone: &Zone) -> Option<Self> {
        let at = zone.stamp(read_at);
        (at < whole_from(day)).then_some(Self { day, at })
    }
}

/// What a store knows of one day.
#[derive(Debug)]
struct KnownDay {
    day: Day,
    /// When it was last read, in seconds since the epoch.
    read_at: Option<u64>,
    /// Why it could not be read since.
    trouble: Option<String>,
}

/// What is known of the days of a range.
#[derive(Debug)]
pub(super) struct RangeCoverage {
    from: Day,
    to: Day,
    now: LocalDateTime,
    /// Days that were never read, oldest first.
    pub(super) never_read: Vec<Day>,
    /// Days that are over and were read in part.
    pub(super) in_part: Vec<PartDay>,
    /// Today, as it was when it was last read.
    pub(super) today: Option<PartDay>,
    /// Gaps that reach into the range.
    pub(super) gaps: Vec<Gap>,
    /// Days that could not be read when they were last asked for, and why.
    trouble: Vec<(Day, String)>,
}

impl RangeCoverage {
    /// What a store has of a range.
    pub(super) async fn of(
        context: &Context,
        store: &Store,
        (from, to): (Day, Day),
    ) -> Result<Self, Failure> {
        let days = store.days(from, to).await.map_err(failure)?.into_iter().map(|known| {
            let read_at = known.read.map(|read| read.at);
            KnownDay { day: known.day, read_at, trouble: known.trouble }
        });
        let mut gaps = store.gaps().await.map_err(failure)?;
        gaps.retain(|gap| gap.from.day() <= to && from <= gap.to.day());
        let known = (days.collect(), gaps);
        Ok(Self::new((from, to), known, context.client.zone(), context.client.clock().now()))
    }

    fn new(
        (from, to): (Day, Day),
        (known, gaps): (Vec<KnownDay>, Vec<Gap>),
        zone: &Zone,
        now: SystemTime,
    ) -> Self {
        let read = |day: Day| known.iter().any(|known| known.day == day && known.read_at.is_some());
        let days = std::iter::successors(Some(from), |day| (*day < to).then(|| day.next()));
        let never_read = days.filter(|day| !read(*day)).collect();
        let part = |known: &KnownDay| PartDay::of(known.day, instant(known.read_at?), zone);
        let now = zone.stamp(now);
        let (today, in_part): (Vec<_>, Vec<_>) =
            known.iter().filter_map(part).partition(|part| part.day >= now.day());
        let today = today.into_iter().next();
        let trouble = known.into_iter().filter_map(|known| Some((known.day, known.trouble?)));
        let trouble = trouble.collect();
        Self { from, to, now, never_read, in_part, today, gaps, trouble }
    }

    /// Whether no day of the range was read. Nothing is said of it then: a file without rows, or a count of none, would
    /// say that there were no calls.
    pub(super) fn is_empty(&self) -> bool {
        i64::try_from(self.never_read.len()) == Ok(i64::from(self.from.days_until(self.to)) + 1)
    }

    /// When the service has all of a day that it cannot be asked for yet.
    pub(super) fn opens(&self) -> Option<LocalDateTime> {
        let today = self.now.day();
        let opens = self.never_read.iter().filter(|day| **day < today).map(|day| whole_from(*day));
        opens.filter(|opens| self.now < *opens).min()
    }

    /// All of the range, as far as it can be there: a day that is not over is as it was at its last reading.
    pub(super) fn completion(&self) -> Completion {
        let is_there = self.never_read.iter().all(|day| *day > self.now.day());
        if is_there && self.in_part.is_empty() { Completion::Clean } else { Completion::InPart }
    }

    /// Notes on standard error what is missing.
    pub(super) fn note(&self) {
        for text in self.told() {
            note(&text);
        }
    }

    fn told(&self) -> Vec<String> {
        let today = self.now.day();
        let age = |day: &Day| day.days_until(today);
        let of = |wanted: &dyn Fn(i32) -> bool| {
            let days = self.never_read.iter().copied().filter(|day| wanted(age(day)));
            days.collect::<Vec<Day>>()
        };
        let mut told = Vec::new();
        let gone = of(&|age| age > WINDOW_DAYS);
        let old = format!("too old for the service, which keeps {WINDOW_DAYS} days");
        told.extend(never_read(&gone).map(|days| format!("{days}: {old}")));
        let there = of(&|age| (0..=WINDOW_DAYS).contains(&age));
        told.extend(
            never_read(&there)
                .map(|days| format!("{days}: ozonetel cdr sync reads what the service still has")),
        );
        if let Some(first) = of(&|age| age < 0).first() {
            told.push(format!("{first} has not begun"));
        }
        told.extend(told_in_part(&self.in_part, self.now));
        told.extend(self.today.map(told_today));
        for (day, trouble) in &self.trouble {
            told.push(format!("{day} could not be read when it was last asked for: {trouble}"));
        }
        for Gap { from, to, reason, .. } in &self.gaps {
            told.push(format!("records may be missing from {from} to {to} ({reason:?})"));
        }
        told
    }
}

/// What is said of days that were never read.
fn never_read(days: &[Day]) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    Some(match days.len() {
        1 => format!("{first} was never read"),
        count => format!("{count} days were never read, {first} to {last}"),
    })
}

/// What is said of days that are over and were read in part.
pub(super) fn told_in_part(days: &[PartDay], now: LocalDateTime) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    let next = match whole_from(last.day) {
        opens if now < opens => format!("the service has all of it from {opens} on"),
        _ if last.day.days_until(now.day()) > WINDOW_DAYS => {
            format!("it is too old for the service, which keeps {WINDOW_DAYS} days")
        }
        _ => "it can be read whole now".to_owned(),
    };
    let (day, at) = (first.day, first.at);
    Some(match days.len() {
        1 => format!("{day} was read in part, at {at}: calls are missing; {next}"),
        count => {
            let to = last.day;
            format!(
                "{count} days were read in part, {day} to {to}: calls are missing; of the last, {next}"
            )
        }
    })
}

/// What is said of today.
pub(super) fn told_today(today: PartDay) -> String {
    let PartDay { day, at } = today;
    format!("{day} is not over: as of {at}; it has more calls later, and rows still change")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> SystemTime {
        let (day, time) = text.split_once(' ').unwrap();
        let day: Day = day.parse().unwrap();
        day.at(time.parse().unwrap()).instant(&Zone::india())
    }

    /// A range in a store with these days, each with the time of its reading.
    fn range(from: &str, to: &str, read: &[(&str, &str)], now: &str) -> RangeCoverage {
        let known = read.iter().map(|(day, at)| {
            let at = time(at).duration_since(UNIX_EPOCH).unwrap().as_secs();
            KnownDay { day: day.parse().unwrap(), read_at: Some(at), trouble: None }
        });
        let range = (from.parse().unwrap(), to.parse().unwrap());
        RangeCoverage::new(range, (known.collect(), Vec::new()), &Zone::india(), time(now))
    }

    #[test]
    fn a_day_is_whole_from_the_end_of_its_night_on() {
        let (day, now) = ("2026-11-27", "2026-11-28 05:00:00");
        for (at, completion) in [
            ("2026-11-27 01:00:00", Completion::InPart),
            ("2026-11-28 03:59:59", Completion::InPart),
            ("2026-11-28 04:00:00", Completion::Clean),
            ("2026-12-03 04:00:00", Completion::Clean),
        ] {
            assert_eq!(range(day, day, &[(day, at)], now).completion(), completion, "{at}");
        }
    }

    #[test]
    fn what_is_missing_is_said_with_what_can_be_done() {
        let (day, night) = ("2026-11-27", "2026-11-28 01:00:00");
        let told = |from, to, read: &[(&str, &str)], now| range(from, to, read, now).told();
        assert_eq!(
            told(day, day, &[(day, "2026-11-27 01:00:00")], night),
            [
                "2026-11-27 was read in part, at 2026-11-27 01:00:00: calls are missing; the service has all of it from \
              2026-11-28 04:00:00 on"
            ]
        );
        let later = told(day, day, &[(day, "2026-11-27 01:00:00")], "2026-11-28 09:00:00");
        assert!(later[0].ends_with("it can be read whole now"), "{later:?}");
        let much_later = told(day, day, &[(day, "2026-11-27 01:00:00")], "2026-12-28 09:00:00");
        assert!(much_later[0].contains("keeps 15 days"), "{much_later:?}");
        // Today cannot be whole, and what has not begun cannot be read.
        let today =
            range(day, "2026-11-28", &[(day, "2026-11-27 12:00:00")], "2026-11-27 12:05:00");
        assert_eq!(today.completion(), Completion::Clean);
        assert_eq!(
            today.told(),
            [
                "2026-11-28 has not begun",
                "2026-11-27 is not over: as of 2026-11-27 12:00:00; it has more calls later, and rows still change"
            ]
        );
        // What was never read can be read, or not any more.
        let long = range("2026-11-10", day, &[(day, "2026-11-28 09:00:00")], "2026-11-28 09:00:00");
        assert_eq!(long.completion(), Completion::InPart);
        let told = long.told();
        assert!(
            told[0].starts_with("3 days were never read, 2026-11-10 to 2026-11-12: too old"),
            "{told:?}"
        );
        assert!(
            told[1].starts_with("14 days were never read, 2026-11-13 to 2026-11-26: ozonetel"),
            "{told:?}"
        );
    }

    #[test]
    fn a_day_that_cannot_be_read_yet_is_told_from_one_that_can() {
        let opens = |now| range("2026-11-26", "2026-11-27", &[], now).opens();
        assert_eq!(opens("2026-11-28 01:00:00").unwrap().to_string(), "2026-11-28 04:00:00");
        assert_eq!(opens("2026-11-28 04:00:00"), None);
        assert_eq!(opens("2026-11-27 12:00:00"), None, "today can be read");
        assert!(range("2026-11-26", "2026-11-27", &[], "2026-11-28 01:00:00").is_empty());
    }
}
