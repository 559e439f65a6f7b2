//! Whom the desk may call, and when: calling hours and the block list.

use std::collections::BTreeSet;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::{PhoneNumber, TimeOfDay};

use super::can::Refusal;
use super::dial::number_key;

/// The name of the setting.
pub const HOURS_VARIABLE: &str = "DESK_CALLING_HOURS";

/// The hours of a day in which customers may be called, in the account's zone: `09:00-21:00`. The end is not in it;
/// hours may go past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallingHours {
    from: TimeOfDay,
    to: TimeOfDay,
}

impl CallingHours {
    /// Whether a time of day is in them.
    pub fn include(&self, time: TimeOfDay) -> bool {
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }
}

impl FromStr for CallingHours {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = || Invalid::new(HOURS_VARIABLE, "expected hours such as 09:00-21:00");
        let (from, to) = text.split_once('-').ok_or_else(expected)?;
        let time = |text: &str| {
            let text = text.trim();
            let hhmm = text.len() == 5;
            format!("{text}:00").parse().ok().filter(|_| hhmm).ok_or_else(expected)
        };
        let (from, to): (TimeOfDay, TimeOfDay) = (time(from)?, time(to)?);
        if from == to { Err(expected()) } else { Ok(Self { from, to }) }
    }
}

/// Whom the desk may call, and when.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallingPolicy {
    /// Calling hours; none are all.
    pub hours: Option<CallingHours>,
    /// Numbers that are not called, by what all their spellings have in common.
    pub blocked: BTreeSet<String>,
}

impl CallingPolicy {
    /// Whether a number is not called.
    pub fn blocks(&self, number: &PhoneNumber) -> bool {
        !self.blocked.is_empty() && self.blocked.contains(&number_key(number))
    }

    /// Why a number may not be called at this time of day.
    pub fn refusal(&self, number: &PhoneNumber, time: TimeOfDay) -> Option<Refusal> {
        if self.blocks(number) {
            return Some("blocked_number");
        }
        self.hours.filter(|hours| !hours.include(time)).map(|_| "outside_calling_hours")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> TimeOfDay {
        text.parse().unwrap()
    }

    #[test]
    fn hours_include_their_beginning_and_not_their_end() {
        let day: CallingHours = "09:00-21:00".parse().unwrap();
        let night: CallingHours = "22:00 - 06:00".parse().unwrap();
        for (time, in_day, in_night) in [
            ("08:59:59", false, false),
            ("09:00:00", true, false),
            ("20:59:59", true, false),
            ("21:00:00", false, false),
            ("22:00:00", false, true),
            ("05:59:59", false, true),
            ("06:00:00", false, false),
        ] {
            assert_eq!(
                (day.include(at(time)), night.include(at(time))),
                (in_day, in_night),
                "{time}"
            );
        }
        for text in ["", "9-21", "09:00", "09:00-09:00", "09:00-25:00", "09:00:00-10:00"] {
            assert_eq!(text.parse::<CallingHours>().unwrap_err().field(), HOURS_VARIABLE, "{text}");
        }
    }

    #[test]
    fn a_blocked_number_is_blocked_in_every_spelling() {
        let policy = CallingPolicy {
            hours: Some("09:00-21:00".parse().unwrap()),
            blocked: BTreeSet::from([number_key(&PhoneNumber::from("9000000001"))]),
        };
        let why = |number: &str, time| policy.refusal(&PhoneNumber::from(number), at(time));
        assert_eq!(why("+91 90000 00001", "10:00:00"), Some("blocked_number"));
        assert_eq!(why("09000000001", "23:00:00"), Some("blocked_number"));
        assert_eq!(why("9000000002", "23:00:00"), Some("outside_calling_hours"));
        assert_eq!(why("9000000002", "10:00:00"), None);
    }
}
