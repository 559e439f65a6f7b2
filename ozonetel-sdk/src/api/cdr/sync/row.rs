//! A row as the sink gets it.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::api::cdr::CallRecord;
use crate::core::call::RowDecoder;
use crate::core::error::Error;
use crate::core::rows;
use crate::core::weight::{ListShape, weight};
use crate::types::ids::{CallId, Ucid};
use crate::types::invalid::Invalid;
use crate::types::wire::{Day, SensitiveText};

/// What a row is stored under: the leg's UCID, and for a row without one a text made of what does not change.
///
/// ```
/// use ozonetel_sdk::cdr::sync::RowKey;
/// let key: RowKey = "12345170000000099".parse()?;
/// assert!(matches!(key, RowKey::Leg(_)));
/// assert_eq!(key.to_string(), "12345170000000099");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum RowKey {
    /// A leg.
    Leg(Ucid),
    /// A row without UCID: the day, a digest of its call, start, agent and kind (of its text but for digits when it
    /// cannot be parsed), and which of those that agree in all this it is.
    Unnamed(Box<str>),
}

impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leg(ucid) => ucid.fmt(f),
            Self::Unnamed(text) => f.write_str(text),
        }
    }
}

impl FromStr for RowKey {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.parse() {
            Ok(ucid) => Ok(Self::Leg(ucid)),
            Err(_) if text.starts_with(UNNAMED) => Ok(Self::Unnamed(text.into())),
            Err(_) => {
                Err(Invalid::new("key", "is neither a UCID nor the key of a row without one"))
            }
        }
    }
}

impl TryFrom<String> for RowKey {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<RowKey> for String {
    fn from(key: RowKey) -> Self {
        key.to_string()
    }
}

const UNNAMED: &str = "row-";

/// How many different rows without UCID are counted in a day.
const COUNTED: usize = 100_000;

/// A row of the CDR, on its way into a sink.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Store it under this: a row with the same key takes the place of the earlier one.
    pub key: RowKey,
    /// The phone call that the leg belongs to: group by it.
    pub call_id: Option<CallId>,
    /// Its content.
    pub content: Content,
}

/// The content of a row: one or the other, and nothing that a sink could overlook.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Read.
    Record(Box<CallRecord>),
    /// It cannot be parsed: keep it next to what was stored under its key before, or store it as it is.
    Unread(Unread),
}

/// A row that cannot be parsed. `Debug` shows where, and not what.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unread {
    /// The row as it came; of one that is not JSON the first 512 bytes.
    pub text: SensitiveText,
    /// The JSON path that cannot be parsed.
    pub path: Box<str>,
}

impl Row {
    /// The row, if it can be parsed.
    pub fn record(&self) -> Option<&CallRecord> {
        match &self.content {
            Content::Record(record) => Some(record),
            Content::Unread(_) => None,
        }
    }
}

/// The ids of a row that cannot be parsed, as far as they can.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RowIds<'a> {
    #[serde(rename = "UCID", borrow)]
    ucid: Option<&'a RawValue>,
    #[serde(rename = "CallID", borrow)]
    call_id: Option<&'a RawValue>,
}

/// A row as it was found in the answer.
pub(super) enum Found {
    /// Decoded where it was, of so many bytes.
    Record(Box<CallRecord>, usize),
    /// JSON that has to be looked at again, if only to keep its text.
    Text(Box<RawValue>),
}

impl Found {
    /// Decodes a row once, and keeps the text of one that is no record.
    pub(super) fn decoder() -> RowDecoder<Self> {
        RowDecoder::new(
            |answer| {
                answer.decode_next(|record: CallRecord, text| {
                    record.is_named().then(|| Self::Record(Box::new(record), text.len()))
                })
            },
            |text| rows::decode(text).map(|text| Some(Self::Text(text))),
        )
    }

    /// What it takes in memory, at most.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Record(record, length) if record.extra.is_empty() => {
                size_of::<CallRecord>() + CallRecord::FIELDS.len() * BLOCK + length
            }
            // Written again it is no shorter than what it takes.
            Self::Record(record, length) => {
                let extra = serde_json::to_string(&record.extra).unwrap_or_default();
                size_of::<CallRecord>()
                    + CallRecord::FIELDS.len() * BLOCK
                    + length
                    + weight(&extra, ListShape::default())
            }
            Self::Text(text) => weight(text.get(), ListShape::default()),
        }
    }
}

/// What an allocation takes beside its bytes.
const BLOCK: usize = 32;

/// Reads the rows of one day, and names those without UCID.
#[derive(Debug)]
pub(super) struct Reader {
    day: Day,
    /// Rows without UCID that agree in all that names them: a count per digest.
    unnamed: HashMap<u64, u32>,
}

impl Reader {
    pub(super) fn of(day: Day) -> Self {
        Self { day, unnamed: HashMap::new() }
    }

    /// A row that was found.
    pub(super) fn take(&mut self, found: Found) -> Row {
        match found {
            Found::Record(record, _) => self.record(record),
            Found::Text(text) => self.read(text.get()),
        }
    }

    /// A row that is JSON.
    pub(super) fn read(&mut self, text: &str) -> Row {
        match rows::decode::<CallRecord>(text) {
            Ok(record) if record.is_named() => self.record(Box::new(record)),
            Ok(_) => self.unread(text, "UCID"),
            Err(bad) => self.unread(text, &bad.path),
        }
    }

    /// A row that is not a record.
    pub(super) fn broken(&mut self, error: &Error) -> Row {
        let excerpt =
            error.unreadable().map(crate::core::error::Unreadable::excerpt).unwrap_or_default();
        self.unread(&String::from_utf8_lossy(excerpt), "")
    }

    fn record(&mut self, record: Box<CallRecord>) -> Row {
        let key = record.ucid.map_or_else(|| self.name(&lasting(&record)), RowKey::Leg);
        Row { key, call_id: record.call_id, content: Content::Record(record) }
    }

    fn unread(&mut self, text: &str, path: &str) -> Row {
        let ids: RowIds<'_> = serde_json::from_str(text).unwrap_or_default();
        let ucid: Option<Ucid> = ids.ucid.and_then(|id| serde_json::from_str(id.get()).ok());
        let call_id = ids.call_id.and_then(|id| serde_json::from_str(id.get()).ok());
        let key = ucid.map_or_else(|| self.name(&[without_digits(text)]), RowKey::Leg);
        Row {
            key,
            call_id,
            content: Content::Unread(Unread { text: text.into(), path: path.into() }),
        }
    }

    fn name<T: AsRef<str>>(&mut self, parts: &[T]) -> RowKey {
        let mut digest = Sha256::new();
        for part in parts.iter().map(AsRef::as_ref) {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let short =
            digest.finalize().iter().take(8).fold(0_u64, |all, b| (all << 8) | u64::from(*b));
        // Beyond what is counted, rows that agree in all of it are taken for one.
        let counted = self.unnamed.len() < COUNTED || self.unnamed.contains_key(&short);
        let mut none = 0;
        let count = if counted { self.unnamed.entry(short).or_default() } else { &mut none };
        let which = *count;
        *count = count.saturating_add(1);
        RowKey::Unnamed(format!("{UNNAMED}{}-{short:016x}-{which}", self.day).into())
    }
}

/// The part of a row that does not change while it is written or overnight. No telephone number is in it: all numbers
/// could be tried against a name that had one, of which a store keeps the rest.
fn lasting(record: &CallRecord) -> [String; 4] {
    let CallRecord { call_id, start_time, agent_id, event, .. } = record;
    [
        call_id.map(|id| id.to_string()).unwrap_or_default(),
        start_time.map(|at| at.to_string()).unwrap_or_default(),
        agent_id.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        event.clone().filter(|_| !record.is_agent_leg()).unwrap_or_default(),
    ]
}

/// What is left of a text whose digits, among them a telephone number's, are all the same.
fn without_digits(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit(), "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> Reader {
        Reader::of("2026-11-20".parse().unwrap())
    }

    #[test]
    fn a_row_is_named_by_its_ucid_whether_it_reads_or_not() {
        let good =
            reader().read(r#"{"UCID":12345170000000099,"CallID":"7","TalkTime":"00:00:01"}"#);
        assert_eq!(good.key.to_string(), "12345170000000099");
        assert_eq!(good.call_id.unwrap().as_str(), "7");
        assert!(good.record().is_some());
        let bad = reader().read(r#"{"UCID":"12345170000000099","CallID":7,"TalkTime":"long"}"#);
        assert_eq!((bad.key, bad.call_id), (good.key, good.call_id));
        let Content::Unread(unread) = bad.content else { panic!("it read") };
        assert_eq!((&*unread.path, unread.text.as_str().len()), ("TalkTime", 57));
    }

    #[test]
    fn rows_that_do_not_read_and_have_zeros_for_ids_are_kept_apart() {
        let mut reader = reader();
        let one = reader.read(r#"{"UCID":"0","CallID":"0","TalkTime":"x"}"#);
        let other = reader.read(r#"{"UCID":0,"CallID":0,"TalkTime":"y"}"#);
        assert_ne!(one.key, other.key);
        assert_eq!((one.call_id, other.call_id), (None, None));
        assert!(one.key.to_string().starts_with("row-2026-11-20-"));
    }

    #[test]
    fn a_row_that_is_no_json_is_kept_as_far_as_it_was() {
        let unreadable = crate::core::error::Unreadable::row(br#"{"UCID":1,}"#, "[3]");
        let error = Error::unread(unreadable).at_row(3);
        assert!(error.is_row());
        let row = reader().broken(&error);
        assert!(row.key.to_string().starts_with("row-2026-11-20-") && row.record().is_none());
        let Content::Unread(unread) = row.content else { panic!("it read") };
        assert_eq!((unread.text.as_str(), &*unread.path), (r#"{"UCID":1,}"#, ""));
    }

    #[test]
    fn no_number_can_be_found_by_the_name_of_a_row() {
        for row in [
            r#"{"CallID":"7","StartTime":"10:00:00","DialedNumber":"NUMBER","CallerID":"NUMBER"}"#,
            r#"{"CallerID":"NUMBER","TalkTime":"x"}"#,
            r#"["NUMBER"]"#,
        ] {
            let mut reader = reader();
            let [one, other] = ["9000000001", "9000000002"]
                .map(|number| reader.read(&row.replace("NUMBER", number)).key.to_string());
            assert_eq!(one.strip_suffix("-0"), other.strip_suffix("-1"), "{row}");
        }
    }

    #[test]
    fn rows_without_ucid_keep_their_names_from_reading_to_reading() {
        let running = r#"{"UCID":"","CallID":7,"StartTime":"10:00:00","AgentID":"agent01","Event":"AgentDial","Duration":"00:00:01"}"#;
        let moved = r#"{"CallID":"7","StartTime":"10:00:00","AgentID":"agent01","Event":"Agent Dials","Duration":"00:01:00"}"#;
        let (mut first, mut second) = (reader(), reader());
        let name = first.read(running).key;
        assert!(name.to_string().starts_with("row-2026-11-20-"), "{name}");
        assert_eq!(second.read(moved).key, name);
        // Another that agrees in all of it is another row; so is one of another agent, call, start or kind.
        let mut names = std::collections::BTreeSet::from([name]);
        for other in [
            running,
            r#"{"CallID":8,"StartTime":"10:00:00","AgentID":"agent01","Event":"AgentDial"}"#,
            r#"{"CallID":7,"StartTime":"10:00:01","AgentID":"agent01","Event":"AgentDial"}"#,
            r#"{"CallID":7,"StartTime":"10:00:00","AgentID":"agent02","Event":"AgentDial"}"#,
            r#"{"CallID":7,"StartTime":"10:00:00","AgentID":"agent01","Event":"Queue"}"#,
            r#"{"CallID":7,"StartTime":"10:00:00","AgentID":"agent01","Event":"AgentDial","DialedNumber":"500001"}"#,
            "7",
            "{}",
            "null",
            r#"["x"]"#,
        ] {
            assert!(names.insert(first.read(other).key), "{other}");
        }
        for name in names {
            assert_eq!(name.to_string().parse::<RowKey>().unwrap(), name);
            let stored = serde_json::to_string(&name).unwrap();
            assert_eq!(serde_json::from_str::<RowKey>(&stored).unwrap(), name);
        }
        assert!("agent01".parse::<RowKey>().is_err());
    }
}
