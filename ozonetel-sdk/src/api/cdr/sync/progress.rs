//! What a step did, and what is left.

use std::time::SystemTime;

use super::checkpoint::Gap;
use super::plan::{Tally, Why};
use super::sink::Upserted;
use crate::core::error::Error;
use crate::types::wire::Day;

/// A step of a sync.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// use ozonetel_sdk::cdr::sync::{MemorySink, SyncSettings, SyncStep, Why};
/// let today_only = SyncSettings::default().back_fill(0);
/// let mut sync = client.cdr().sync(MemorySink::default()).settings(today_only);
/// let progress = sync.poll().await?;
/// match &progress.step {
///     SyncStep::Read(read) => assert_eq!((read.day, read.why), (client.today(), Why::First)),
///     SyncStep::Failed { day, error, .. } => println!("{day}: {error}"),
///     _ => println!("nothing to do"),
/// }
/// assert_eq!((progress.tally.days, progress.tally.due, progress.gaps.len()), (1, 0, 0));
/// assert!(progress.next_at > client.clock().now());
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Progress {
    /// What it did.
    pub step: SyncStep,
    /// What it found missing for good. Each gap is reported once, by the step that found it or the one after; all of them
    /// stay in the checkpoint. After a crash right then, it is reported again.
    pub gaps: Vec<Gap>,
    /// Days done and days left.
    pub tally: Tally,
    /// Whether the client's clock is behind a time that has passed. Until it has caught up, or is believed, nothing is
    /// asked for, however much is due.
    pub is_clock_behind: bool,
    /// When the next step has something to do: now, while days are due. The published limit comes on top.
    pub next_at: SystemTime,
}

/// What a step did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SyncStep {
    /// Read a day to the end of its answer.
    Read(DayRead),
    /// A day could not be read. Rows that came before the answer broke off are in the sink; the day is asked for
    /// again, at the earliest when [`Trouble::again_at`](super::Trouble::again_at) says.
    Failed {
        /// The day.
        day: Day,
        /// Why it was asked for.
        why: Why,
        /// What the sink did with the rows that came.
        rows: Upserted,
        /// What went wrong.
        error: Error,
    },
    /// There was nothing to do.
    Idle,
}

/// One day, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct DayRead {
    /// The day.
    pub day: Day,
    /// Why it was asked for.
    pub why: Why,
    /// What the sink did with its rows.
    pub rows: Upserted,
    /// Rows that the service has not finished writing.
    pub unfinished: u64,
    /// Rows that cannot be parsed; they are in the sink as they came.
    pub unread: u64,
}

/// Why a sync cannot continue. Nothing is lost: call it again.
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// use ozonetel_sdk::cdr::sync::{RowBatch, Checkpoint, Sink, SyncError, Upserted};
///
/// /// A store whose state is of another version.
/// struct Newer;
///
/// impl Sink for Newer {
///     type Error = ozonetel_sdk::cdr::sync::CheckpointError;
///     async fn upsert(&mut self, _: RowBatch<'_>) -> Result<Upserted, Self::Error> {
///         Ok(Upserted::default())
///     }
///     async fn save(&mut self, _: &Checkpoint) -> Result<(), Self::Error> {
///         Ok(())
///     }
///     async fn load(&mut self) -> Result<Option<Checkpoint>, Self::Error> {
///         Checkpoint::from_json(br#"{"version":2}"#).map(Some)
///     }
/// }
/// let error = client.cdr().sync(Newer).poll().await.err().ok_or("it went on")?;
/// assert!(matches!(error, SyncError::Load(_)));
/// assert!(sim.requests().is_empty());
/// # Ok(()) });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError<E: std::error::Error + 'static> {
    /// The sink could not store rows; their day is asked for again.
    #[error("the sink could not store rows")]
    Upsert(#[source] E),
    /// The sink could not keep the checkpoint; the next poll begins with saving it.
    #[error("the sink could not keep the checkpoint")]
    Save(#[source] E),
    /// The sink could not load the state of the sync.
    #[error("the sink could not load the checkpoint")]
    Load(#[source] E),
}
