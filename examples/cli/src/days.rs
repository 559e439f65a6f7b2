//! Days as people write them.

use std::ffi::OsString;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::Day;

/// The farthest day back that can be asked for.
const FARTHEST: u32 = 9999;

/// How `-3d` is written for the parser of arguments, to which a hyphen begins a flag: `3d-ago`.
const AGO: &str = "d-ago";

/// The commands that take days.
const COMMANDS: [&str; 4] = ["cdr", "summary", "missed", "kookoo"];

/// The arguments with days as the parser takes them.
pub(crate) fn spelled_out(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.iter().any(|word| COMMANDS.iter().any(|command| word == command)) {
        for word in &mut arguments {
            let days = word.to_str().and_then(|word| word.strip_prefix('-')?.strip_suffix('d'));
            if let Some(days) = days.filter(|days| is_count(days)) {
                *word = format!("{days}{AGO}").into();
            }
        }
    }
    arguments
}

fn is_count(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A day: `YYYY-MM-DD`, `today`, `yesterday`, or `-3d` for three days back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayArgument {
    /// This one.
    On(Day),
    /// So many days before today.
    Back(u32),
}

impl DayArgument {
    /// Today.
    pub(crate) const TODAY: Self = Self::Back(0);

    /// The day, in the zone in which it is today.
    pub(crate) fn day(self, today: Day) -> Day {
        match self {
            Self::On(day) => day,
            Self::Back(days) => (0..days).fold(today, |day, _| day.previous()),
        }
    }
}

impl FromStr for DayArgument {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let back = || {
            let days = text.strip_prefix('-').and_then(|rest| rest.strip_suffix('d'));
            days.or_else(|| text.strip_suffix(AGO))?.parse().ok()
        };
        match text {
            "today" => Ok(Self::TODAY),
            "yesterday" => Ok(Self::Back(1)),
            _ => match back() {
                Some(days) if days <= FARTHEST => Ok(Self::Back(days)),
                _ => text.parse().map(Self::On).map_err(|_: Invalid| {
                    Invalid::new(
                        "day",
                        "expected YYYY-MM-DD, today, yesterday, or -3d for three days back",
                    )
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_commands_with_days_are_spelled_out() {
        let spelled = |line: &str| {
            let words = spelled_out(line.split(' ').map(OsString::from));
            words.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(spelled("ozonetel cdr range -3d -1d"), "ozonetel cdr range 3d-ago 1d-ago");
        let info = "ozonetel kookoo info 90000000000000001 --date";
        assert_eq!(spelled(&format!("{info} -3d")), format!("{info} 3d-ago"));
        for line in ["ozonetel cdr day -d", "ozonetel cdr page --sise 3", "ozonetel dispose 1 -1d"]
        {
            assert_eq!(spelled(line), line);
        }
    }

    #[test]
    fn a_day_may_be_counted_back_from_today() {
        let today: Day = "2026-03-01".parse().unwrap();
        for (text, want) in [
            ("today", "2026-03-01"),
            ("yesterday", "2026-02-28"),
            ("-0d", "2026-03-01"),
            ("-1d", "2026-02-28"),
            ("-30d", "2026-01-30"),
            ("30d-ago", "2026-01-30"),
            ("2026-01-02", "2026-01-02"),
        ] {
            let day = text.parse::<DayArgument>().unwrap().day(today);
            assert_eq!(day.to_string(), want, "{text}");
        }
        for text in ["", "-d", "-1", "--1d", "-1w", "1d", "-10000d", "-99999999999d", "Yesterday!"]
        {
            assert!(text.parse::<DayArgument>().is_err(), "{text}");
        }
    }
}
