//! What is remembered between two runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::seen_time::{SeenTime, Unix};
use crate::core::error::{ErrorKind, Reason};
use crate::types::wire::{Day, LocalDateTime};

/// The version of the checkpoints that this crate writes.
pub const VERSION: u32 = 1;

/// More days than the window and a few held-up ones are never remembered.
const MOST_DAYS: usize = 64;

/// Gaps beyond this number are joined, oldest first.
pub(super) const MOST_GAPS: usize = 400;

/// The last closings that are remembered: twice the window.
pub(super) const MOST_CLOSINGS: usize = 32;

/// A checkpoint that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It was written by another version of this crate.
    #[error("the checkpoint has version {0}, this crate reads version {VERSION}")]
    Version(u64),
    /// It is not a checkpoint, or is damaged.
    #[error("the checkpoint cannot be parsed, at {0}")]
    Unreadable(String),
}

/// The state of a sync: one state per day of the window, and the gaps. Plain JSON through serde; fields that this
/// version does not know are kept.
///
/// ```
/// use ozonetel_sdk::cdr::sync::{Checkpoint, CheckpointError};
/// let text = r#"{"version":1,"next":"2026-11-06","readings":0,"days":{},"gaps":[],"told":0,"note":"ours"}"#;
/// let checkpoint = Checkpoint::from_json(text.as_bytes())?;
/// assert!(checkpoint.to_json().contains("ours"));
/// let newer = Checkpoint::from_json(br#"{"version":2}"#);
/// assert_eq!(newer.unwrap_err(), CheckpointError::Version(2));
/// # Ok::<(), CheckpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredRow", into = "StoredRow")]
pub struct Checkpoint {
    pub(super) next: Day,
    pub(super) readings: u64,
    pub(super) days: BTreeMap<Day, DayState>,
    pub(super) gaps: Vec<Gap>,
    pub(super) told: usize,
    pub(super) seen: SeenTime,
    pub(super) closings: Vec<Closing>,
    extra: BTreeMap<String, Value>,
}

/// Days left the window: everything before the oldest day was closed then, from this day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closing {
    pub(super) at: Unix,
    pub(super) from: Day,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct StoredRow {
    version: u32,
    next: Day,
    readings: u64,
    days: BTreeMap<Day, DayState>,
    gaps: Vec<Gap>,
    told: usize,
    #[serde(default)]
    seen: SeenTime,
    #[serde(default)]
    closings: Vec<Closing>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

impl From<Checkpoint> for StoredRow {
    fn from(from: Checkpoint) -> Self {
        let Checkpoint { next, readings, days, gaps, told, seen, closings, extra } = from;
        Self { version: VERSION, next, readings, days, gaps, told, seen, closings, extra }
    }
}

impl TryFrom<StoredRow> for Checkpoint {
    type Error = CheckpointError;

    fn try_from(from: StoredRow) -> Result<Self, CheckpointError> {
        let StoredRow { version, next, readings, days, gaps, told, seen, closings, extra } = from;
        if version != VERSION {
            return Err(CheckpointError::Version(version.into()));
        }
        let damaged = |what: &str| Err(CheckpointError::Unreadable(what.to_owned()));
        if days.len() > MOST_DAYS || days.keys().next().is_some_and(|first| *first < next) {
            return damaged("days");
        }
        if told > gaps.len() || gaps.len() > 2 * MOST_GAPS {
            return damaged("gaps");
        }
        if closings.len() > MOST_CLOSINGS || closings.iter().any(|closing| closing.from >= next) {
            return damaged("closings");
        }
        Ok(Self { next, readings, days, gaps, told, seen, closings, extra })
    }
}

impl Checkpoint {
    /// Nothing read; the first day wanted.
    pub(super) fn starting_at(first: Day, seen: SeenTime) -> Self {
        Self {
            next: first,
            readings: 0,
            days: BTreeMap::new(),
            gaps: Vec::new(),
            told: 0,
            seen,
            closings: Vec::new(),
            extra: BTreeMap::new(),
        }
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`CheckpointError::Version`] for one of another version, [`CheckpointError::Unreadable`] for anything else that
    /// is not a checkpoint.
    pub fn from_json(text: &[u8]) -> Result<Self, CheckpointError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        // The version first: what follows it may look different in another one.
        if let Ok(Versioned { version }) = serde_json::from_slice(text)
            && version != u64::from(VERSION)
        {
            return Err(CheckpointError::Version(version));
        }
        let stored: StoredRow =
            serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(text))
                .map_err(|error| CheckpointError::Unreadable(error.path().to_string()))?;
        Self::try_from(stored)
    }

    /// As JSON, for a file or a column.
    pub fn to_json(&self) -> String {
        // A map of days, texts and numbers cannot fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The oldest day that is still followed; earlier ones are settled or in a gap.
    pub fn oldest(&self) -> Day {
        self.next
    }

    /// What is known of a day that is still followed.
    pub fn day(&self, day: Day) -> Option<&DayState> {
        self.days.get(&day)
    }

    /// What could not be had, oldest first. Adjacent stretches that were found together are one gap, and
    /// beyond 400 the oldest are joined ([`GapReason::Several`]). A gap that was found while the clock was wrong stays,
    /// although its days may have been read since.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }
}

/// What is known of one day.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// let mut sync = client.cdr().sync(ozonetel_sdk::cdr::sync::MemorySink::default());
/// sync.poll().await?;
/// let state = sync.checkpoint().and_then(|checkpoint| checkpoint.day(client.today()));
/// let read = state.and_then(|state| state.read).ok_or("not read")?;
/// assert_eq!((read.number, read.rows, read.is_whole()), (1, 0, true));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DayState {
    /// The last complete reading.
    pub read: Option<DayReading>,
    /// What went wrong since.
    pub trouble: Option<Trouble>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

/// One complete reading of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DayReading {
    /// The reading's number; rows carry it to the sink.
    pub number: u64,
    /// When it was asked for, in seconds since the epoch.
    pub at: u64,
    /// Rows it had.
    pub rows: u64,
    /// The most rows that any reading of the day had.
    pub most: u64,
    /// Rows that the service has not finished writing.
    pub unfinished: u64,
    /// Rows that cannot be parsed.
    pub unread: u64,
}

impl DayReading {
    /// Whether every row was finished, readable and, judging by their number, still there.
    pub fn is_whole(&self) -> bool {
        self.unfinished == 0 && self.unread == 0 && self.rows >= self.most
    }
}

/// What went wrong with a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trouble {
    /// How often in a row.
    pub times: u32,
    /// When last, in seconds since the epoch.
    pub at: u64,
    /// Not asked again before, in seconds since the epoch.
    pub again_at: u64,
    /// What.
    pub cause: FailureCause,
}

/// What went wrong, in a word that can be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureCause {
    /// The request failed: [`ErrorKind::as_str`] and, for a refusal, [`Reason::as_str`].
    Failed {
        /// What kind of failure.
        kind: String,
        /// What the refusal means.
        reason: Option<String>,
    },
    /// On the last day of the window the answer was empty; so are answers for days beyond it, so this proves nothing.
    EmptyAtTheEdge,
}

impl FailureCause {
    pub(super) fn failed(kind: ErrorKind, reason: Option<Reason>) -> Self {
        Self::Failed {
            kind: kind.as_str().to_owned(),
            reason: reason.map(|reason| reason.as_str().to_owned()),
        }
    }
}

/// A stretch of time whose rows could not be had, or not for certain.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// use ozonetel_sdk::cdr::sync::{GapReason, MemorySink, SyncSettings};
/// # let noon = ozonetel_sim::world::Timestamp::parse("2026-11-02T12:00:00+05:30").ok_or("no time")?;
/// # let sim = ozonetel_sim::Sim::builder().starting_at(noon).build();
/// # let client = sim.client();
/// let today_only = SyncSettings::default().back_fill(0);
/// let mut sync = client.cdr().sync(MemorySink::default()).settings(today_only);
/// sync.poll().await?;
/// // Three weeks without a request.
/// sim.advance(std::time::Duration::from_secs(21 * 86_400)).await;
/// let gaps = sync.poll().await?.gaps;
/// assert_eq!(gaps.len(), 2);
/// assert_eq!((gaps[0].reason, gaps[0].from.to_string().as_str()), (GapReason::ReadInPart, "2026-11-02 12:00:00"));
/// assert_eq!((gaps[1].reason, gaps[1].to.day()), (GapReason::NeverRead, "2026-11-07".parse()?));
/// assert_eq!(sync.checkpoint().map(|checkpoint| checkpoint.gaps().len()), Some(2));
/// # Ok(()) });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gap {
    /// From, inclusive, in the account's zone.
    pub from: LocalDateTime,
    /// To, inclusive.
    pub to: LocalDateTime,
    /// What is missing.
    pub reason: GapReason,
    /// Rows that were last seen unfinished, unreadable or not at all any more.
    pub rows: u64,
    /// What went wrong last, where something did; without it no one asked in time.
    pub cause: Option<FailureCause>,
}

/// What a [`Gap`] lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GapReason {
    /// The days were never read: all rows are missing.
    NeverRead,
    /// The day was last read before it was over: later rows are missing, earlier ones may have changed.
    ReadInPart,
    /// The day was read whole, but not for all nights of the horizon, or some rows were unfinished, unreadable or gone
    /// to the end. Late rows and late changes may be missing.
    Unsettled,
    /// Older gaps, joined; days between them may be complete.
    Several,
}
