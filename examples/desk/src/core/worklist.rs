//! The worklist: whom to call next, out of leads, missed calls and follow-ups that are due.

use std::fmt;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::PhoneNumber;
use serde::Serialize;
use utoipa::ToSchema;

use super::followup::FollowUp;
use super::missed::MissedNumber;

/// The name of the setting.
pub const LEVELS_VARIABLE: &str = "DESK_SERVICE_LEVELS";

const MINUTE_MS: i64 = 60_000;

/// Why someone is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Called and was not answered.
    Missed,
    /// Was promised a call that is due.
    FollowUp,
    /// Was never called.
    Lead,
}

impl EntryKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Missed, Self::FollowUp, Self::Lead];

    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::FollowUp => "follow_up",
            Self::Lead => "lead",
        }
    }
}

/// How long an entry may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceLevel {
    /// Too long already.
    Late,
    /// It is time.
    Due,
    /// There is time.
    Ok,
}

impl ServiceLevel {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Due => "due",
            Self::Ok => "ok",
        }
    }
}

/// From which age on an entry of each kind is due, and late: `missed=5:15,follow_up=0:30,lead=60:240`, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLevels {
    missed: (i64, i64),
    follow_up: (i64, i64),
    lead: (i64, i64),
}

impl Default for ServiceLevels {
    fn default() -> Self {
        Self { missed: (5, 15), follow_up: (0, 30), lead: (60, 240) }
    }
}

impl ServiceLevels {
    /// The level of an entry of this age.
    pub fn level(&self, kind: EntryKind, age_ms: i64) -> ServiceLevel {
        let (due, late) = match kind {
            EntryKind::Missed => self.missed,
            EntryKind::FollowUp => self.follow_up,
            EntryKind::Lead => self.lead,
        };
        if age_ms >= late.saturating_mul(MINUTE_MS) {
            ServiceLevel::Late
        } else if age_ms >= due.saturating_mul(MINUTE_MS) {
            ServiceLevel::Due
        } else {
            ServiceLevel::Ok
        }
    }
}

impl FromStr for ServiceLevels {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = || {
            let text = "expected minutes such as missed=5:15,follow_up=0:30,lead=60:240, the second not before the first";
            Invalid::new(LEVELS_VARIABLE, text)
        };
        let mut levels = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, minutes) = part.split_once('=').ok_or_else(expected)?;
            let (due, late) = minutes.split_once(':').ok_or_else(expected)?;
            let number = |text: &str| text.trim().parse::<u32>().map_err(|_| expected());
            let pair = (i64::from(number(due)?), i64::from(number(late)?));
            if pair.1 < pair.0 {
                return Err(expected());
            }
            match name.trim() {
                "missed" => levels.missed = pair,
                "follow_up" => levels.follow_up = pair,
                "lead" => levels.lead = pair,
                _ => return Err(expected()),
            }
        }
        Ok(levels)
    }
}

/// Someone to call. `Debug` shows kind and level only.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id of the record it comes from, with its kind.
    pub id: String,
    /// Why.
    pub kind: EntryKind,
    /// The number.
    pub number: PhoneNumber,
    /// The name, where one is known.
    pub name: Option<String>,
    /// Where the person comes from, where that is known.
    pub source: Option<String>,
    /// When there was last something with this person.
    pub last_interaction_ms: Option<i64>,
    /// How long it has been waiting.
    pub age_ms: i64,
    /// How long it may.
    pub level: ServiceLevel,
    /// The lead, where it is one.
    pub lead: Option<String>,
    /// Which agent has claimed it, and until when.
    pub claim: Option<(String, i64)>,
    /// Since when it has been known to be on the list.
    pub since_ms: i64,
    /// Of which time it waits: when the last call was missed, when the follow-up is due.
    pub waits_since_ms: i64,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("kind", &self.kind)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}

impl ServiceLevels {
    /// A missed number as an entry.
    pub fn missed(&self, missed: &MissedNumber, now_ms: i64) -> Entry {
        let age_ms = now_ms.saturating_sub(missed.last_ms).max(0);
        Entry {
            id: format!("missed:{}", missed.key),
            kind: EntryKind::Missed,
            number: missed.number.clone(),
            name: None,
            source: None,
            last_interaction_ms: missed.reached_ms,
            age_ms,
            level: self.level(EntryKind::Missed, age_ms),
            lead: None,
            claim: missed.claim.clone().filter(|(_, until)| now_ms < *until),
            since_ms: missed.opened_ms.unwrap_or(missed.last_ms),
            waits_since_ms: missed.last_ms,
        }
    }

    /// A follow-up that is due as an entry; none for one that is not, or that has no number.
    pub fn follow_up(&self, follow_up: &FollowUp, now_ms: i64) -> Option<Entry> {
        let number = follow_up.number.clone().filter(|_| follow_up.is_due(now_ms))?;
        let age_ms = now_ms.saturating_sub(follow_up.due_ms).max(0);
        Some(Entry {
            id: format!("follow_up:{}", follow_up.id),
            kind: EntryKind::FollowUp,
            number,
            name: None,
            source: None,
            last_interaction_ms: None,
            age_ms,
            level: self.level(EntryKind::FollowUp, age_ms),
            lead: follow_up.lead.clone(),
            claim: None,
            since_ms: follow_up.due_ms.max(follow_up.changed_ms),
            waits_since_ms: follow_up.due_ms,
        })
    }
}

/// Puts what waits longest beyond its time first.
pub fn sort(entries: &mut [Entry]) {
    entries.sort_by(|a, b| {
        let of = |entry: &Entry| (entry.level, entry.kind, std::cmp::Reverse(entry.age_ms));
        of(a).cmp(&of(b)).then_with(|| a.id.cmp(&b.id))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::followup::FollowUpState;

    fn follow_up(due_ms: i64, number: Option<&str>) -> FollowUp {
        FollowUp {
            id: "f1".into(),
            agent: "agent01".into(),
            number: number.map(PhoneNumber::from),
            lead: Some("l1".into()),
            due_ms,
            note: String::new(),
            call: None,
            state: FollowUpState::Open,
            changed_ms: 0,
            asked: None,
        }
    }

    #[test]
    fn a_level_begins_at_its_minute() {
        let levels = ServiceLevels::default();
        for (kind, minutes, level) in [
            (EntryKind::Missed, 4, ServiceLevel::Ok),
            (EntryKind::Missed, 5, ServiceLevel::Due),
            (EntryKind::Missed, 15, ServiceLevel::Late),
            (EntryKind::FollowUp, 0, ServiceLevel::Due),
            (EntryKind::FollowUp, 30, ServiceLevel::Late),
            (EntryKind::Lead, 59, ServiceLevel::Ok),
            (EntryKind::Lead, 240, ServiceLevel::Late),
        ] {
            assert_eq!(levels.level(kind, minutes * MINUTE_MS), level, "{kind:?} {minutes}");
        }
    }

    #[test]
    fn levels_are_read_and_what_is_not_said_stays() {
        let levels: ServiceLevels = "missed=1:2, lead=3:3".parse().unwrap();
        assert_eq!((levels.missed, levels.lead, levels.follow_up), ((1, 2), (3, 3), (0, 30)));
        assert_eq!("".parse::<ServiceLevels>().unwrap(), ServiceLevels::default());
        for text in ["missed", "missed=1", "missed=2:1", "calls=1:2", "missed=-1:2", "missed=a:b"] {
            let invalid = text.parse::<ServiceLevels>().unwrap_err();
            assert!(invalid.to_string().contains(LEVELS_VARIABLE), "{text}: {invalid}");
        }
    }

    #[test]
    fn a_follow_up_is_on_the_list_from_its_time_on_and_only_with_a_number() {
        let levels = ServiceLevels::default();
        assert_eq!(levels.follow_up(&follow_up(100, Some("9000000001")), 99), None);
        assert_eq!(levels.follow_up(&follow_up(100, None), 100), None);
        let entry = levels.follow_up(&follow_up(100, Some("9000000001")), 160).unwrap();
        assert_eq!((entry.age_ms, entry.lead.as_deref()), (60, Some("l1")));
    }

    #[test]
    fn what_is_late_comes_first_and_the_longest_wait_before_the_shorter() {
        let levels = ServiceLevels::default();
        let missed = |n: &str, last| MissedNumber::new(PhoneNumber::from(n), "c", last);
        let now = 60 * MINUTE_MS;
        let mut entries = vec![
            levels.missed(&missed("9000000001", now - MINUTE_MS), now),
            levels.missed(&missed("9000000002", now - 20 * MINUTE_MS), now),
            levels.missed(&missed("9000000003", now - 30 * MINUTE_MS), now),
            levels.follow_up(&follow_up(now - 40 * MINUTE_MS, Some("9000000004")), now).unwrap(),
        ];
        sort(&mut entries);
        let order: Vec<_> = entries.iter().map(|entry| entry.number.as_str()).collect();
        assert_eq!(order, ["9000000003", "9000000002", "9000000004", "9000000001"]);
    }
}
