//! Where the rows go.

use std::future::Future;

use super::checkpoint::Checkpoint;
use super::row::Row;
use crate::types::wire::Day;

/// Where a [`CdrSync`](super::CdrSync) puts rows and keeps its checkpoint: a table and a line next to it, for example. Written by the
/// program; [`MemorySink`](super::MemorySink) is the example.
///
/// ```
/// use ozonetel_sdk::cdr::sync::{RowBatch, Checkpoint, Sink, Upserted};
///
/// /// Counts, and keeps nothing.
/// #[derive(Default)]
/// struct Count {
///     rows: u64,
///     checkpoint: Option<String>,
/// }
///
/// impl Sink for Count {
///     type Error = std::io::Error;
///
///     async fn upsert(&mut self, batch: RowBatch<'_>) -> Result<Upserted, Self::Error> {
///         self.rows += batch.rows.len() as u64;
///         Ok(Upserted { new: batch.rows.len() as u64, ..Upserted::default() })
///     }
///
///     async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), Self::Error> {
///         self.checkpoint = Some(checkpoint.to_json());
///         Ok(())
///     }
///
///     async fn load(&mut self) -> Result<Option<Checkpoint>, Self::Error> {
///         let text = self.checkpoint.as_deref().unwrap_or_default();
///         if text.is_empty() {
///             return Ok(None);
///         }
///         Checkpoint::from_json(text.as_bytes()).map(Some).map_err(std::io::Error::other)
///     }
/// }
/// # ozonetel_sim::doc(async |sim, client| {
/// # let noon = ozonetel_sim::world::Timestamp::parse("2026-11-21T12:00:00+05:30").ok_or("no time")?;
/// # let sim = ozonetel_sim::Sim::builder().starting_at(noon).build();
/// # sim.inbound("918000000001", "9000000001").ok_or("no such DID")?;
/// # sim.advance(std::time::Duration::from_secs(120)).await;
/// # let client = sim.client();
/// let mut sync = client.cdr().sync(Count::default());
/// sync.poll().await?;
/// assert_eq!(sync.sink().rows, 2);
/// # Ok(()) });
/// ```
///
/// # What it has to hold to
/// - Rows that were upserted are stored before, or together with, the next checkpoint that is saved. The other way
///   round loses rows in a crash; this way a crash repeats a day.
/// - Storing the same batch twice has the same result as storing it once: store under the row's [`key`](Row::key).
/// - A dropped future of the sink may have stored its rows or not, but not half a row.
pub trait Sink: Send {
    /// Why the sink failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Stores rows under their keys: new ones are added, known ones replaced. Never more rows at once than
    /// [`SyncSettings::batch`](super::SyncSettings::batch) says.
    ///
    /// # Errors
    /// When they could not be stored; the day is asked for again.
    fn upsert(
        &mut self,
        batch: RowBatch<'_>,
    ) -> impl Future<Output = Result<Upserted, Self::Error>> + Send;

    /// Replaces the checkpoint.
    ///
    /// # Errors
    /// When it could not be kept; it is saved again at the next poll.
    fn save(
        &mut self,
        checkpoint: &Checkpoint,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// The checkpoint that was saved last; `None` where none ever was. Asked for once, at the first poll.
    ///
    /// # Errors
    /// When it is not known whether there is one. Starting over would forget gaps.
    fn load(&mut self) -> impl Future<Output = Result<Option<Checkpoint>, Self::Error>> + Send;
}

/// Some rows of one day's reading.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RowBatch<'r> {
    /// The day that was asked for.
    pub day: Day,
    /// The reading's number, which grows with every reading. Stored with the row, it says after the day's reading is
    /// complete ([`DayState::read`](super::DayState::read)) which rows of the day were not in it any more. A reading
    /// that broke off and the one after it may have the same number.
    pub reading: u64,
    /// The rows, in the order of the answer.
    pub rows: &'r [Row],
}

/// What happened to the rows of a batch. A sink that does not know counts them all as changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Upserted {
    /// Not there before.
    pub new: u64,
    /// There, and now different.
    pub changed: u64,
    /// There, and the same.
    pub same: u64,
}

impl std::ops::AddAssign for Upserted {
    fn add_assign(&mut self, more: Self) {
        self.new = self.new.saturating_add(more.new);
        self.changed = self.changed.saturating_add(more.changed);
        self.same = self.same.saturating_add(more.same);
    }
}
