//! What can be asked of a store, and what it answers.

use std::fmt;
use std::str::FromStr;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::cdr::sync::Gap;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::{AgentId, CampaignName, Day, PhoneNumber};

use crate::direction::Direction;
use crate::error::StoreError;
use crate::leg::{StoredLeg, number_key};

/// The most phone calls on a page.
pub const MAX_PAGE: usize = 1_000;

/// Which phone calls, and in which order. A phone call is of the day on which its first leg began.
///
/// ```
/// use ozonetel_store::{CallQuery, Order};
/// let query = CallQuery {
///     from: Some("2026-11-01".parse()?),
///     agents: Some(vec!["agent01".into()]),
///     order: Order::OldestFirst,
///     ..CallQuery::default()
/// };
/// assert!(query.to.is_none());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallQuery {
    /// From this day, inclusive.
    pub from: Option<Day>,
    /// To this day, inclusive.
    pub to: Option<Day>,
    /// Only calls of which one of these agents had a leg; of none, if the list is empty.
    pub agents: Option<Vec<AgentId>>,
    /// Only this direction.
    pub direction: Option<Direction>,
    /// Only this outcome.
    pub outcome: Option<CallOutcomeKind>,
    /// Only calls with this customer, in any spelling of the number. What is not a telephone number, or has more than 32
    /// digits, cannot be looked up: it is an error, and not a number without calls.
    pub number: Option<PhoneNumber>,
    /// Only calls whose main leg was on this campaign.
    pub campaign: Option<CampaignName>,
    /// The order.
    pub order: Order,
}

impl CallQuery {
    /// The calls of consecutive days, oldest first.
    pub fn days(from: Day, to: Day) -> Self {
        Self { from: Some(from), to: Some(to), order: Order::OldestFirst, ..Self::default() }
    }

    /// What the number is looked up by.
    pub(crate) fn number_key(&self) -> Result<Option<String>, StoreError> {
        let Some(number) = &self.number else { return Ok(None) };
        let unknown = || StoreError::Input(Invalid::new("number", "is not a telephone number"));
        number_key(number).ok_or_else(unknown).map(Some)
    }
}

/// By the start of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// Where the next page begins: behind a phone call. As text it holds a day, a time and the call's key.
///
/// ```
/// use ozonetel_store::Cursor;
/// let cursor: Cursor = "2026-11-20.1795151700000.12345170000000099".parse()?;
/// assert_eq!(cursor.to_string(), "2026-11-20.1795151700000.12345170000000099");
/// assert_eq!("2026-11-20".parse::<Cursor>().unwrap_err().field(), "cursor");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) day: Day,
    pub(crate) started_at: i64,
    pub(crate) key: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.day, self.started_at, self.key)
    }
}

impl FromStr for Cursor {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parts = text.trim().split_once('.').and_then(|(day, rest)| {
            let (started_at, key) = rest.split_once('.')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
            let sound = (1..=128).contains(&key.len()) && key.chars().all(plain);
            let (day, started_at) = (day.parse().ok()?, started_at.parse().ok()?);
            sound.then(|| Self { day, started_at, key: key.to_owned() })
        });
        parts.ok_or_else(|| Invalid::new("cursor", "is not one that a page named"))
    }
}

/// One phone call with its legs. `Debug` shows keys only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCall {
    /// The call's id, or the key of its only row.
    pub key: String,
    /// The day on which its first leg began.
    pub day: Day,
    /// When its first leg began, in milliseconds since the epoch; the start of its day where no row says.
    pub started_at: i64,
    /// Its legs, by key.
    pub legs: Vec<StoredLeg>,
}

impl StoredCall {
    /// The rows that could be parsed.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if somebody else has written one.
    pub fn records(&self) -> Result<Vec<CallRecord>, StoreError> {
        let mut records = Vec::with_capacity(self.legs.len());
        for leg in &self.legs {
            records.extend(leg.record()?);
        }
        Ok(records)
    }

    /// How many of its rows cannot be parsed as last sent.
    pub fn unread(&self) -> usize {
        self.legs.iter().filter(|leg| leg.unread.is_some()).count()
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { day: self.day, started_at: self.started_at, key: self.key.clone() }
    }
}

/// One page of phone calls.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallPage {
    /// The calls, in the query's order.
    pub calls: Vec<StoredCall>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

/// What is known of one day's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayCoverage {
    /// The day.
    pub day: Day,
    /// Its last complete reading; `None` if it was never read.
    pub read: Option<DayRows>,
    /// What went wrong since, in a word: the failure's kind, and the reason of a refusal.
    pub trouble: Option<String>,
}

/// One complete reading of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayRows {
    /// The reading's number.
    pub reading: u64,
    /// When it was asked for, in seconds since the epoch.
    pub at: u64,
    /// Its rows.
    pub rows: u64,
    /// Rows that the service had not finished writing.
    pub unfinished: u64,
    /// Rows that cannot be parsed.
    pub unread: u64,
}

/// A sync's checkpoint and what the store shows of it.
#[derive(Debug, Clone)]
pub(crate) struct CheckpointWrite {
    pub(crate) json: String,
    pub(crate) days: Vec<DayCoverage>,
    pub(crate) gaps: Vec<Gap>,
}
