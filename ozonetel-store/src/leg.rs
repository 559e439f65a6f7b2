//! One row of the CDR as it is stored: whole, and as typed columns.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::cdr::sync::{Content, Row};
use ozonetel_sdk::phone_call::CallOutcome;
use ozonetel_sdk::types::{AgentId, ClockDuration, Day, PhoneNumber, Zone};
use sha2::{Digest as _, Sha256};

use crate::direction::Direction;
use crate::error::StoreError;

/// A leg in the store: the row as the service wrote it, in the SDK's spelling.
///
/// `Debug` shows the key and no content.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredLeg {
    /// What the row is stored under: its UCID, or a made-up key that begins with `row-`.
    pub key: String,
    /// The phone call that it belongs to: the call's id, or the row's own key.
    pub call_key: String,
    /// The day of the report that it was last seen in.
    pub day: Day,
    /// The reading that it was last seen in.
    pub reading: u64,
    /// The row as JSON, as [`CallRecord`] writes it; `None` if it could never be parsed.
    pub row: Option<Box<str>>,
    /// What came under the key since and cannot be parsed.
    pub unread: Option<UnreadText>,
}

/// A row that cannot be parsed, as it came. `Debug` shows where, and not what.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadText {
    /// The row as it came.
    pub text: Box<str>,
    /// The JSON path that cannot be parsed.
    pub path: Box<str>,
}

impl fmt::Debug for StoredLeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredLeg").field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Debug for UnreadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreadText").field("path", &self.path).finish_non_exhaustive()
    }
}

impl StoredLeg {
    /// The row, parsed; `None` if it never could be.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if somebody else has written it.
    pub fn record(&self) -> Result<Option<CallRecord>, StoreError> {
        let Some(text) = &self.row else { return Ok(None) };
        let record = serde_json::from_str(text);
        record.map(Some).map_err(|_| StoreError::damaged(format!("row {}", self.key)))
    }

    /// A row as a sync brings it, on top of what is stored under its key.
    pub(crate) fn next(
        before: Option<&Self>,
        row: &Row,
        day: Day,
        reading: u64,
    ) -> Result<(Self, Change), StoreError> {
        let key = row.key.to_string();
        let call = row.call_id.map(|id| id.to_string());
        let call_key = call
            .or_else(|| before.map(|before| before.call_key.clone()))
            .unwrap_or_else(|| key.clone());
        let mut next = Self { key, call_key, day, reading, row: None, unread: None };
        let same = match &row.content {
            Content::Record(record) => {
                let text = serde_json::to_string(record)
                    .map_err(|_| StoreError::damaged(format!("row {}", next.key)))?;
                next.row = Some(text.into());
                match before {
                    Some(before) if before.unread.is_none() => {
                        before.row == next.row
                            || before.record()?.is_some_and(|old| old.says_the_same_as(record))
                    }
                    _ => false,
                }
            }
            Content::Unread(unread) => {
                let (text, path) = (unread.text.as_str().into(), unread.path.clone());
                next.row = before.and_then(|before| before.row.clone());
                next.unread = Some(UnreadText { text, path });
                before.is_some_and(|before| before.unread == next.unread)
            }
        };
        let change = match before {
            None => Change::New,
            Some(_) if !same => Change::Changed,
            Some(_) => Change::Same,
        };
        Ok((next, change))
    }

    /// Whether only the reading in which the row was last seen differs.
    pub(crate) fn is_as_stored(&self, next: &Self) -> bool {
        (&self.row, &self.unread, &self.call_key, self.day)
            == (&next.row, &next.unread, &next.call_key, next.day)
    }
}

/// What a row is to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    New,
    Changed,
    Same,
}

/// The typed columns of a row.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct LegColumns {
    pub(crate) ucid: Option<String>,
    pub(crate) call_id: Option<String>,
    pub(crate) call_date: Option<String>,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    pub(crate) direction: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) outcome: Option<String>,
    pub(crate) answered: Option<bool>,
    pub(crate) finished: Option<bool>,
    pub(crate) campaign: Option<String>,
    pub(crate) skill: Option<String>,
    pub(crate) did: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) agent_key: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) number_key: Option<String>,
    pub(crate) duration_sec: Option<i64>,
    pub(crate) talk_sec: Option<i64>,
    pub(crate) hold_sec: Option<i64>,
    pub(crate) wrapup_sec: Option<i64>,
    pub(crate) handling_sec: Option<i64>,
    pub(crate) queue_sec: Option<i64>,
    pub(crate) disposition: Option<String>,
    pub(crate) hangup_by: Option<String>,
    pub(crate) recorded: Option<bool>,
}

impl LegColumns {
    /// All of them from a row.
    pub(crate) fn of(record: &CallRecord, zone: &Zone) -> Self {
        Self {
            ucid: record.ucid.map(|id| id.to_string()),
            call_id: record.call_id.map(|id| id.to_string()),
            call_date: record.call_date.map(|day| day.to_string()),
            started_at: started_at(record, zone),
            ended_at: ended_at(record, zone),
            direction: Direction::of(record).map(|direction| direction.as_str().to_owned()),
            kind: text(record.kind.as_ref()),
            status: text(record.status.as_ref()),
            outcome: Some(CallOutcome::from(record).kind.as_str().to_owned()),
            answered: Some(record.is_answered()),
            finished: Some(record.is_finished()),
            campaign: text(record.campaign_name.as_ref()),
            skill: text(record.skill.as_ref()),
            did: text(record.did.as_ref()),
            agent: text(record.agent_id.as_ref()),
            agent_key: record.agent_id.as_ref().and_then(agent_key),
            number: text(record.caller_id.as_ref()),
            number_key: record.caller_id.as_ref().and_then(number_key),
            duration_sec: seconds(record.duration),
            talk_sec: seconds(record.talk_time),
            hold_sec: seconds(record.hold_duration),
            wrapup_sec: seconds(record.wrapup_duration),
            handling_sec: seconds(record.handling_time),
            queue_sec: seconds(record.queue_time),
            disposition: text(record.disposition.as_ref()),
            hangup_by: text(record.hangup_by.as_ref()),
            recorded: Some(is_recorded(record)),
        }
    }
}

/// Whether the row links to a recording.
pub(crate) fn is_recorded(record: &CallRecord) -> bool {
    record.call_audio.as_ref().is_some_and(|link| !link.as_str().trim().is_empty())
}

/// What a field says; an empty one says nothing.
pub(crate) fn text<T: AsRef<str>>(field: Option<&T>) -> Option<String> {
    field.map(AsRef::as_ref).filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

pub(crate) fn seconds(time: Option<ClockDuration>) -> Option<i64> {
    time.map(|time| time.seconds().into())
}

/// Milliseconds since the epoch; times before it count as it.
pub(crate) fn epoch_ms(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// When the leg began, by its date and time.
pub(crate) fn started_at(record: &CallRecord, zone: &Zone) -> Option<i64> {
    let at = record.call_date?.at(record.start_time?);
    Some(epoch_ms(at.instant(zone)))
}

/// When it ended. An end that is earlier in the day than the start is of the day after.
pub(crate) fn ended_at(record: &CallRecord, zone: &Zone) -> Option<i64> {
    if record.is_agent_leg() && record.hangup_by.is_none() {
        return None;
    }
    let (date, start, end) = (record.call_date?, record.start_time?, record.end_time?);
    let date = if end < start { date.next() } else { date };
    Some(epoch_ms(date.at(end).instant(zone)))
}

/// The most digits of a number that is looked up by. A text that is longer is not a telephone number, and an index of
/// PostgreSQL may not hold it.
const LONGEST_NUMBER: usize = 32;

/// The longest agent's id that is looked up by as it is, in bytes: an index of PostgreSQL holds some 2,700.
const LONGEST_AGENT: usize = 255;

/// The rule by which number keys are made. Who changes what [`number_key`] answers raises it, with a step of the tables
/// (`migrate.rs`) that refuses programs of the rule before, those that have the store open included.
pub(crate) const KEY_RULE: i64 = 1;

/// What all spellings of a number have in common: [`PhoneNumber::key`] as text. `None` for what is not a number.
pub(crate) fn number_key(number: &PhoneNumber) -> Option<String> {
    let key = number.key()?;
    let canonical = key.to_canonical();
    let (plan, digits) = match (key.indian_digits(), canonical.strip_prefix('+')) {
        (Some(digits), _) => ("91", digits),
        (None, Some(digits)) => ("00", digits),
        (None, None) => ("local", canonical.as_str()),
    };
    (digits.len() <= LONGEST_NUMBER).then(|| format!("{plan} {digits}"))
}

/// What all spellings of an agent's id have in common, [`AgentId::key`]; of a very long one, a digest.
pub(crate) fn agent_key(agent: &AgentId) -> Option<String> {
    let key = agent.key()?;
    Some(if key.len() <= LONGEST_AGENT { key } else { format!("sha256 {}", digest(&key)) })
}

/// 128 bits of a text.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(text: &str) -> CallRecord {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_end_before_the_start_is_of_the_next_day() {
        let zone = Zone::india();
        let row = record(
            r#"{"CallDate":"2026-11-20","StartTime":"23:59:00","EndTime":"00:01:00","Event":"AgentDial","HangupBy":"UserHangup"}"#,
        );
        let (start, end) = (started_at(&row, &zone).unwrap(), ended_at(&row, &zone).unwrap());
        assert_eq!(end - start, 120_000);
        // 23:59 in India.
        assert_eq!(start, 1_795_199_340_000);
        let running = record(
            r#"{"CallDate":"2026-11-20","StartTime":"23:59:00","EndTime":"23:59:10","Event":"AgentDial","HangupBy":""}"#,
        );
        assert_eq!(ended_at(&running, &zone), None);
    }

    #[test]
    fn columns_hold_what_the_row_says() {
        let row = record(
            r#"{"UCID":12345170000000099,"CallID":"7","CallDate":"2026-11-20","StartTime":"10:00:00","EndTime":"10:01:00",
            "Type":"InBound","Status":"Answered","AgentID":"Agent01","CallerID":"09000000001","TalkTime":"00:00:40",
            "HandlingTime":"","CallAudio":" ","HangupBy":"UserHangup","Event":"AgentDial","Disposition":""}"#,
        );
        let columns = LegColumns::of(&row, &Zone::india());
        assert_eq!(columns.ucid.as_deref(), Some("12345170000000099"));
        assert_eq!(
            (columns.direction.as_deref(), columns.kind.as_deref()),
            (Some("inbound"), Some("InBound"))
        );
        assert_eq!(
            (columns.agent.as_deref(), columns.agent_key.as_deref()),
            (Some("Agent01"), Some("agent01"))
        );
        assert_eq!(
            (columns.number.as_deref(), columns.number_key.as_deref()),
            (Some("09000000001"), Some("91 9000000001"))
        );
        assert_eq!((columns.talk_sec, columns.handling_sec), (Some(40), None));
        assert_eq!(
            (columns.answered, columns.finished, columns.recorded),
            (Some(true), Some(false), Some(false))
        );
        assert_eq!((columns.outcome.as_deref(), columns.disposition), (Some("completed"), None));
    }

    fn spelling() -> impl Strategy<Value = String> {
        prop_oneof![
            "0{0,3}[0-9]{0,4}",
            " ?(\\+91|0|0091|91)?[ -]?9000000[ -]?00[12]",
            "(00|\\+)1201555012[34]",
            "[0-9]{3,6}",
            // As phones, web pages and spreadsheets write it.
            "\u{202a}(\\+91|0)?[ \u{a0}]90000[\u{2011}\u{2013}\u{202f}]0000[12]\u{202c}",
            "[\t\u{a0}]?900000000[12](\\.00?)?\n?",
            "(\\+91 )?[(]0[)] 900000000[12]",
        ]
    }

    proptest! {
        #[test]
        fn keys_are_equal_exactly_where_the_sdk_says_so(one in spelling(), other in spelling()) {
            let (a, b) = (PhoneNumber::from(one.as_str()), PhoneNumber::from(other.as_str()));
            let same = number_key(&a).is_some() && number_key(&a) == number_key(&b);
            prop_assert_eq!(same, a.is_same_number(&b));
        }
    }

    #[test]
    fn what_is_looked_up_by_is_short() {
        let number = |digits: usize| number_key(&"9".repeat(digits).into());
        assert_eq!(number(33), None);
        assert_eq!(number(32), Some(format!("local {}", "9".repeat(32))));
        assert_eq!(number_key(&"+12015550123".into()).as_deref(), Some("00 12015550123"));
        assert_eq!(number_key(&"+9118001234567".into()).as_deref(), Some("00 9118001234567"));
        let agent = |text: &str| agent_key(&text.into());
        assert_eq!(agent(&"A".repeat(255)), Some("a".repeat(255)));
        let long = ["a".repeat(9000), "A".repeat(9000), "a".repeat(9001)].map(|text| agent(&text));
        assert_eq!(long[0].as_ref().map(String::len), Some(39));
        assert_eq!((long[0] == long[1], long[0] == long[2]), (true, false));
        assert_eq!(agent("0"), None);
    }
}
