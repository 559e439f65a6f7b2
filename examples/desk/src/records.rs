//! The account's call-detail records: the store they are in, and the sync that fills it. All reports of past calls are
//! answered out of the store; what asks the service is the sync alone, twice a minute at most.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use ozonetel_sdk::cdr::sync::{
    Checkpoint, Progress, RowBatch, Sink, SyncSettings, SyncStep, Upserted,
};
use ozonetel_sdk::cdr::{CdrSync, WINDOW_DAYS};
use ozonetel_sdk::transport::Transport;
use ozonetel_sdk::types::Day;
use ozonetel_sdk::{Client, Error};
use ozonetel_store::{CallQuery, DayCoverage, Store, StoreError, StoreSink, StoredCall};
use tokio::sync::{Mutex, watch};

use crate::problem::{Kind, Problem};

/// How often today is read: half of the two requests a minute that the service allows.
const EVERY: Duration = Duration::from_mins(1);

/// Rows written at once.
const BATCH: usize = 500;

/// How long a request waits for a day's first reading.
const PATIENCE: Duration = Duration::from_secs(5);

/// The records. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Records(Arc<Shared>);

struct Shared {
    client: Client,
    store: Store,
    settings: SyncSettings,
    sync: Mutex<CdrSync<CountedSink>>,
    audio: OnceLock<AudioSource>,
    state: watch::Sender<SyncState>,
    writes: Arc<RowWrites>,
}

/// A moment of the records, between two writes of rows by this desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMark(u64);

/// The writes of rows by this desk's sync.
#[derive(Debug, Default)]
struct RowWrites {
    is_writing: AtomicBool,
    count: AtomicU64,
}

impl RowWrites {
    async fn around<T>(&self, write: impl Future<Output = T>) -> T {
        // One that was dropped midway counts now: it may have been finished all the same.
        let was_dropped = self.is_writing.swap(true, Ordering::SeqCst);
        let done = write.await;
        self.count.fetch_add(1 + u64::from(was_dropped), Ordering::SeqCst);
        self.is_writing.store(false, Ordering::SeqCst);
        done
    }

    fn mark(&self) -> Option<ReadMark> {
        let count = self.count.load(Ordering::SeqCst);
        (!self.is_writing.load(Ordering::SeqCst)).then_some(ReadMark(count))
    }
}

/// The store's sink, which says when it writes rows.
struct CountedSink {
    sink: StoreSink,
    writes: Arc<RowWrites>,
    /// Whether the sink has rows that it may write with the checkpoint only.
    has_rows: bool,
}

impl CountedSink {
    fn new(store: &Store, writes: &Arc<RowWrites>) -> Self {
        Self { sink: store.sink(), writes: Arc::clone(writes), has_rows: false }
    }
}

impl Sink for CountedSink {
    type Error = StoreError;

    async fn upsert(&mut self, batch: RowBatch<'_>) -> Result<Upserted, StoreError> {
        self.has_rows = true;
        self.writes.around(self.sink.upsert(batch)).await
    }

    async fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        if !self.has_rows {
            return self.sink.save(checkpoint).await;
        }
        self.writes.around(self.sink.save(checkpoint)).await?;
        self.has_rows = false;
        Ok(())
    }

    async fn load(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        self.sink.load().await
    }
}

/// Where recordings are fetched from.
#[derive(Debug, Clone)]
pub struct AudioSource {
    /// What fetches them; it follows no redirects.
    pub transport: Arc<dyn Transport>,
    /// The hosts that are asked, each with its scheme: see [`HOSTS`](crate::core::audio::HOSTS).
    pub hosts: Vec<String>,
}

/// How the sync is doing.
#[derive(Debug, Clone, Default)]
pub struct SyncState {
    /// Steps that it has taken.
    pub steps: u64,
    /// Calls that have ended since the start, as far as this desk knows.
    pub ended: u64,
    /// Of these, how many had ended before today's report was last asked for.
    pub covered: u64,
    /// When something was last read; `None` if nothing was since the start.
    pub read_at: Option<SystemTime>,
    /// Days that were never read.
    pub never_read: u32,
    /// Why the last request failed; `None` if it did not.
    pub failed: Option<Error>,
}

impl SyncState {
    /// Whether a call has ended since today's report was last asked for.
    pub fn is_behind(&self) -> bool {
        self.covered < self.ended
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Records").field(&self.0.store).finish()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::Input(invalid) = &error {
            return Self::field(invalid.field(), invalid.reason());
        }
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(%error, reason, "the call-detail store failed");
        Self::new(Kind::Internal, "the store of call records does not answer")
    }
}

impl Records {
    /// The records of a client's account, in a store of it.
    pub fn new(client: Client, store: Store) -> Self {
        Self::with(client, store, Self::settings())
    }

    /// How the sync goes: all that the service has, and today every minute.
    pub fn settings() -> SyncSettings {
        SyncSettings::default().every(EVERY).batch(BATCH)
    }

    /// The same with other settings of the sync.
    pub fn with(client: Client, store: Store, settings: SyncSettings) -> Self {
        let writes = Arc::default();
        let sync = client.cdr().sync(CountedSink::new(&store, &writes)).settings(settings);
        let sync = Mutex::new(sync);
        let state = watch::Sender::new(SyncState::default());
        let audio = OnceLock::new();
        Self(Arc::new(Shared { client, store, settings, sync, audio, state, writes }))
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Recordings are fetched from here; the first that is set stays.
    #[must_use]
    pub fn fetching(self, source: AudioSource) -> Self {
        let _ = self.0.audio.set(source);
        self
    }

    /// Where recordings are fetched from, if they are.
    pub fn audio(&self) -> Option<&AudioSource> {
        self.0.audio.get()
    }

    /// How the sync is doing.
    pub fn state(&self) -> SyncState {
        self.0.state.borrow().clone()
    }

    /// Begins the sync anew, from where the store says that it is: another desk may have gone on meanwhile.
    pub async fn restart(&self) {
        let Shared { client, store, settings, writes, .. } = &*self.0;
        let sync = client.cdr().sync(CountedSink::new(store, writes)).settings(*settings);
        *self.0.sync.lock().await = sync;
    }

    /// One step of the sync; one at a time, however many ask. When the next has something to do.
    ///
    /// # Errors
    /// The store failed. A request that fails is in [`SyncState::failed`].
    ///
    /// # Cancel safety
    /// May be dropped at any time; at worst a day is read again.
    pub async fn step(&self) -> Result<SystemTime, StoreError> {
        let mut sync = self.0.sync.lock().await;
        let before = self.state();
        if before.is_behind() {
            sync.want_today();
        }
        let progress = sync.poll().await.map_err(|error| match error {
            ozonetel_sdk::cdr::sync::SyncError::Upsert(error)
            | ozonetel_sdk::cdr::sync::SyncError::Save(error)
            | ozonetel_sdk::cdr::sync::SyncError::Load(error) => error,
            _ => StoreError::Damaged { what: "the sync".to_owned() },
        })?;
        let next = progress.next_at;
        self.heard(progress, before.ended);
        Ok(next)
    }

    fn heard(&self, progress: Progress, ended: u64) {
        for gap in &progress.gaps {
            tracing::warn!(from = %gap.from, to = %gap.to, reason = ?gap.reason, "call records are missing for good");
        }
        if matches!(progress.step, SyncStep::Idle) {
            return;
        }
        let (now, today) = (self.0.client.clock().now(), self.0.client.today());
        self.0.state.send_modify(|state| {
            state.steps += 1;
            state.never_read = progress.tally.never_read;
            match progress.step {
                SyncStep::Read(read) => {
                    state.read_at = Some(now);
                    state.failed = None;
                    if read.day == today {
                        state.covered = ended;
                    }
                    tracing::debug!(day = %read.day, rows = ?read.rows, unread = read.unread, "call records read");
                }
                SyncStep::Failed { day, error, .. } => {
                    tracing::warn!(%day, %error, "call records cannot be read; they are asked for again");
                    state.failed = Some(error);
                }
                _ => {}
            }
        });
    }

    /// This moment, unless rows are being written just now.
    pub fn mark(&self) -> Option<ReadMark> {
        self.0.writes.mark()
    }

    /// A call has ended or was disposed of: today's report is read again soon, not only when its minute is over.
    pub fn call_ended(&self) {
        self.0.state.send_modify(|state| state.ended += 1);
    }

    /// What is known of a day, once it has been read; waits a moment for its first reading.
    ///
    /// # Errors
    /// 400 for a day that is in the future, or left the service's window unread; 429 for one that the sync has still to
    /// come to; whatever kept the sync from reading it.
    pub async fn day(&self, day: Day) -> Result<DayCoverage, Problem> {
        let today = self.0.client.today();
        if day > today {
            let text = format!("date `{day}`: is in the future, today being {today}");
            return Err(Problem::bad_request(text));
        }
        let waited = tokio::time::timeout(PATIENCE, self.first_reading(day)).await;
        if let Ok(found) = waited {
            return found;
        }
        if let Some(found) = self.found(day).await? {
            return Ok(found);
        }
        let text = format!("the records of {day} have not been read yet");
        let half_minutes = Duration::from_secs(30) * self.state().never_read.max(1);
        Err(Problem::new(Kind::Limit, text).ready_in(half_minutes))
    }

    async fn first_reading(&self, day: Day) -> Result<DayCoverage, Problem> {
        let mut states = self.0.state.subscribe();
        loop {
            let failed = states.borrow_and_update().failed.clone();
            if let Some(found) = self.found(day).await? {
                return Ok(found);
            }
            if day.days_until(self.0.client.today()) > WINDOW_DAYS {
                let text = format!(
                    "date `{day}`: was never read, and the service keeps {WINDOW_DAYS} days"
                );
                return Err(Problem::bad_request(text));
            }
            if let Some(error) = &failed {
                return Err(Problem::from(error));
            }
            // The sender is in `self`.
            let _ = states.changed().await;
        }
    }

    async fn found(&self, day: Day) -> Result<Option<DayCoverage>, Problem> {
        let found = self.0.store.days(day, day).await?;
        Ok(found.into_iter().find(|found| found.read.is_some()))
    }

    /// The phone calls of a query, all of them.
    ///
    /// # Errors
    /// The store failed; there are more than can be answered at once.
    pub async fn calls(&self, query: CallQuery, most: usize) -> Result<Vec<StoredCall>, Problem> {
        let mut stream = self.0.store.stream(query);
        let mut calls = Vec::new();
        while let Some(call) = stream.try_next().await? {
            if calls.len() == most {
                return Err(Problem::new(
                    Kind::TooLarge,
                    format!("there are more than {most} calls"),
                ));
            }
            calls.push(call);
        }
        Ok(calls)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use ozonetel_sim::Sim;
    use ozonetel_sim::world::Timestamp;

    use super::*;

    #[tokio::test]
    async fn a_mark_is_the_same_until_rows_are_written() {
        let noon = Timestamp::parse("2026-11-21T12:00:00+05:30").unwrap();
        let sim = Sim::builder().starting_at(noon).build();
        sim.client().agents().login("agent01", "secret", "500001").await.unwrap();
        sim.client().dial().agent("agent01", "support_out", "9000000001").await.unwrap();
        sim.advance(Duration::from_hours(1)).await;
        let store = Store::in_memory(sim.client().zone().clone());
        let records = Records::with(sim.client(), store, Records::settings().back_fill(0));
        let before = records.mark();
        records.step().await.unwrap();
        assert!(records.state().read_at.is_some());
        let read = records.mark();
        assert!(before.is_some() && read.is_some() && before != read);
        records.step().await.unwrap();
        assert_eq!(records.mark(), read, "nothing is read until the minute is over");
    }

    #[tokio::test]
    async fn while_rows_are_written_there_is_no_mark_and_a_write_that_was_dropped_counts() {
        let writes = RowWrites::default();
        let first = writes.mark();
        assert!(writes.around(std::future::pending::<()>()).now_or_never().is_none());
        assert_eq!((first, writes.mark()), (Some(ReadMark(0)), None));
        writes.around(async { assert_eq!(writes.mark(), None) }).await;
        assert_eq!(writes.mark(), Some(ReadMark(2)));
    }
}
