//! Keeping a store of call-detail records up to date: [`CdrSync`].
//!
//! The service keeps rows for 15 days, hands out one day per request and two requests a minute, shows rows while their
//! calls run, rewrites them later, adds late ones, and moves each day's rows to another store overnight. A
//! [`CdrSync`] copies them into a [`Sink`] of the caller's and keeps that up to date:
//!
//! - **Back-fill**: today first, then the days before it from the oldest on, since that one is forgotten first. A sync
//!   that began with a shorter [back-fill](SyncSettings::back_fill) is taken further back by a longer one.
//! - **Today** every five minutes; **yesterday** once the night is over, because in between the service may answer
//!   with part of a day or with nothing; then once a night for the [horizon](SyncSettings::horizon), and a last time the
//!   day before the service forgets it. A day with rows that are unfinished, unreadable or gone is read once a
//!   night until that last look. So a day that is over is read [`readings_at_most`](SyncSettings::readings_at_most) times,
//!   or 14 times if it never settles.
//! - **Failures**: a day that fails is put off (30 seconds, doubling up to 15 minutes) and does not hold up others;
//!   when it is not about the day (no connection, credentials, limit), all days wait, up to five minutes.
//! - **Gaps**: what left the window before it was read, or before it settled, is reported once as a [`Gap`] and kept in
//!   the [`Checkpoint`].
//!
//! # Which changes are seen
//!
//! A row that changed or came late is seen at the next reading of its day: today within minutes, within the horizon
//! the next morning, later at the last look, and after that never. A row that vanished stays in the sink: no source
//! knows of rows that vanish, and the service answers a day that is out of reach like a day without rows. The day
//! counts as unsettled then, and the [reading's number](RowBatch::reading) says which row it is. An empty answer for a
//! day on the edge of the window does not count as a reading at all.
//!
//! Rows are keyed by UCID, never by CallID, which legs share; the two spellings of a row (today's store and the
//! earlier days') are one row ([`CallRecord::says_the_same_as`](super::CallRecord::says_the_same_as)).
//!
//! # A wrong clock
//!
//! Days and nights go by the client's clock. A clock that is behind a time that has passed is waited for, up to an
//! hour ([`Progress::is_clock_behind`]); if it stays there, it is believed, and whatever was known of later times is
//! forgotten: readings from the future, and days that left the window too early. What was read meanwhile is read again.
//! Gaps that a clock ahead has brought stay in the checkpoint, although their days are read after all.
//!
//! # Limits
//!
//! The client's pacer allows every request: two a minute together with every other user of that client. For several
//! clients or processes of one account, give them one [`Pacer`](crate::core::pace::Pacer) or
//! [`PaceStore`](crate::core::pace::PaceStore); for more room beside the sync use [`SyncSettings::spacing`]. One sync per sink
//! at a time: two would save over each other's checkpoints.
//!
//! Rows stream from the connection to the sink: no more than a batch of them is in memory. A sink that is slow slows
//! the connection down with it.

mod checkpoint;
mod memory;
mod plan;
mod progress;
mod row;
mod seen_time;
mod settings;
mod sink;

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use futures_util::future::{Either, select};

use crate::core::client::Client;
use crate::core::error::{Error, ErrorKind, Reason};
use crate::core::pace::Patience;

use plan::{Ask, DayPlan, Next, PlanEvent};
use row::{Found, Reader};

pub use checkpoint::{
    Checkpoint, CheckpointError, DayReading, DayState, FailureCause, Gap, GapReason, Trouble,
    VERSION,
};
pub use memory::{MemorySink, StoredRow};
pub use plan::{Tally, Why};
pub use progress::{DayRead, Progress, SyncError, SyncStep};
pub use row::{Content, Row, RowKey, Unread};
pub use settings::{LAST_LOOK, SyncSettings};
pub use sink::{RowBatch, Sink, Upserted};

/// The longest sleep of [`CdrSync::run`], so that a clock that was set is noticed.
const NAP: Duration = Duration::from_secs(60);

/// What the rows of a batch may take in memory, whatever their number.
const BATCH: usize = 8 << 20;

/// Keeps a [`Sink`] up to date: see the [module](self). Made by [`Cdr::sync`](super::Cdr::sync).
///
/// ```
/// # ozonetel_sim::doc(async |sim, client| {
/// use ozonetel_sdk::cdr::sync::{MemorySink, SyncStep};
/// let mut sync = client.cdr().sync(MemorySink::default());
/// let progress = sync.poll().await?;
/// let SyncStep::Read(read) = progress.step else { return Err("nothing was read".into()) };
/// assert_eq!(read.day, client.today());
/// assert_eq!((progress.tally.days, progress.tally.never_read), (16, 15));
/// # Ok(()) });
/// ```
#[derive(Debug)]
pub struct CdrSync<S> {
    client: Client,
    sink: S,
    settings: SyncSettings,
    /// There once the checkpoint was loaded.
    plan: Option<DayPlan>,
    /// The plan knows more than the saved checkpoint.
    unsaved: bool,
}

impl<S: Sink> CdrSync<S> {
    pub(super) fn new(client: Client, sink: S) -> Self {
        Self { client, sink, settings: SyncSettings::default(), plan: None, unsaved: false }
    }

    /// Other settings; before the first poll.
    pub fn settings(mut self, settings: SyncSettings) -> Self {
        self.settings = settings;
        self.plan = None;
        self
    }

    /// The sink.
    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// The sink, to use it for something else; not its checkpoint.
    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// The sink. What was not saved yet is read again by the next sync.
    pub fn into_sink(self) -> S {
        self.sink
    }

    /// Its state; `None` before the first poll.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.plan.as_ref().map(DayPlan::checkpoint)
    }

    /// One step: asks for the day that needs it most, waits for the published limit if necessary, puts the
    /// rows into the sink and saves the checkpoint. Where no day is due it returns at once and says when the next one
    /// is.
    ///
    /// # Errors
    /// [`SyncError`] when the sink fails. A request that fails is not an error but a [`SyncStep::Failed`].
    ///
    /// # Cancel safety
    /// May be dropped at any time: at worst a day is asked for again, and its rows are stored twice under the same
    /// keys.
    pub async fn poll(&mut self) -> Result<Progress, SyncError<S::Error>> {
        let now = self.now();
        if self.plan.is_none() {
            let from = self.sink.load().await.map_err(SyncError::Load)?;
            // Where it all began has to be known before the first row is stored.
            self.unsaved |= from.is_none();
            self.plan = Some(DayPlan::new(self.settings, self.client.zone().clone(), from, now));
        }
        self.unsaved |= self.plan.as_mut().is_some_and(|plan| plan.advance(now));
        self.save().await?;
        let next = self.plan.as_ref().map_or(Next::Wait(now), |plan| plan.next(now));
        let step = match next {
            Next::Wait(_) => SyncStep::Idle,
            Next::Ask(ask) => {
                let (client, sink) = (&self.client, &mut self.sink);
                let (event, step) = read(client, sink, ask, self.settings.batch).await?;
                if let Some(plan) = &mut self.plan {
                    plan.on(event);
                }
                self.unsaved = true;
                step
            }
        };
        self.save().await?;
        Ok(self.progress(step))
    }

    /// Makes today due before its pause is over: for a program that knows that a call has ended. It is read again five
    /// seconds after its last reading at the earliest, 40 seconds while other days are due. Holds until today was read;
    /// nothing happens before the first poll, which reads today.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::cdr::sync::{MemorySink, SyncSettings};
    /// let settings = SyncSettings::default().back_fill(0);
    /// let mut sync = client.cdr().sync(MemorySink::default()).settings(settings);
    /// let read_at = client.clock().now();
    /// // Readings are noted to the second.
    /// assert!(sync.poll().await?.next_at > read_at + std::time::Duration::from_secs(299));
    /// sync.want_today();
    /// assert!(sync.poll().await?.next_at < read_at + std::time::Duration::from_secs(60));
    /// # Ok(()) });
    /// ```
    pub fn want_today(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.want_today();
        }
    }

    /// Polls for as long as `shutdown` is pending, and reports every step that did something. On shutdown the step in
    /// hand is dropped; its day is asked for again next time.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::cdr::sync::MemorySink;
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let mut stop = Some(stop);
    /// let mut sync = client.cdr().sync(MemorySink::default());
    /// // In a program: `sync.run(async { tokio::signal::ctrl_c().await.ok(); }, |progress| …)`.
    /// sync.run(async { drop(stopped.await) }, |progress| {
    ///     println!("{:?}, {} days left", progress.step, progress.tally.never_read);
    ///     drop(stop.take());
    /// })
    /// .await?;
    /// assert_eq!(sync.checkpoint().and_then(|c| c.day(client.today())?.read).map(|r| r.number), Some(1));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`SyncError`] when the sink fails. Nothing is lost: run it again.
    pub async fn run(
        &mut self,
        shutdown: impl Future<Output = ()>,
        mut tell: impl FnMut(&Progress),
    ) -> Result<(), SyncError<S::Error>> {
        let mut shutdown = pin!(shutdown);
        loop {
            let progress = match select(shutdown.as_mut(), pin!(self.poll())).await {
                Either::Left(_) => break,
                Either::Right((progress, _)) => progress?,
            };
            if !matches!(progress.step, SyncStep::Idle) || !progress.gaps.is_empty() {
                tell(&progress);
            }
            let wait = progress.next_at.duration_since(self.now()).unwrap_or_default();
            let nap = pin!(tokio::time::sleep(wait.min(NAP)));
            if let Either::Left(_) = select(shutdown.as_mut(), nap).await {
                break;
            }
        }
        self.save().await
    }

    /// Saves what is not saved yet.
    async fn save(&mut self) -> Result<(), SyncError<S::Error>> {
        if let Some(plan) = self.plan.as_ref().filter(|_| self.unsaved) {
            self.sink.save(plan.checkpoint()).await.map_err(SyncError::Save)?;
            self.unsaved = false;
        }
        Ok(())
    }

    fn progress(&mut self, step: SyncStep) -> Progress {
        let now = self.now();
        let (gaps, tally) = (Vec::new(), Tally::default());
        let mut progress = Progress { step, gaps, tally, is_clock_behind: false, next_at: now };
        if let Some(plan) = &mut self.plan {
            progress.is_clock_behind = plan.is_clock_behind();
            progress.gaps = plan.tell();
            self.unsaved |= !progress.gaps.is_empty();
            progress.tally = plan.tally(now);
            if let Next::Wait(until) = plan.next(now) {
                progress.next_at = until;
            }
        }
        progress
    }

    fn now(&self) -> SystemTime {
        self.client.clock().now()
    }
}

/// Reads a day into the sink, batch by batch.
async fn read<S: Sink>(
    client: &Client,
    sink: &mut S,
    ask: Ask,
    size: usize,
) -> Result<(PlanEvent, SyncStep), SyncError<S::Error>> {
    let Ask { day, why, .. } = ask;
    let started = client.clock().now();
    let mut rows = client.cdr().for_day(day).patience(Patience::Wait).stream_of(Found::decoder());
    let mut reader = Reader::of(day);
    let mut done = DayRead { day, why, rows: Upserted::default(), unfinished: 0, unread: 0 };
    let (mut batch, mut held, mut total) = (Vec::new(), 0_usize, 0_u64);
    let end = loop {
        let row = match rows.try_next().await {
            Ok(Some(found)) => {
                held = held.saturating_add(found.weight());
                reader.take(found)
            }
            Err(error) if error.is_row() => reader.broken(&error),
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        total += 1;
        match row.record() {
            Some(record) => done.unfinished += u64::from(!record.is_finished()),
            None => done.unread += 1,
        }
        batch.push(row);
        if batch.len() >= size || held >= BATCH {
            put(sink, &ask, &mut batch, &mut done.rows).await?;
            held = 0;
        }
    };
    put(sink, &ask, &mut batch, &mut done.rows).await?;
    let ended = client.clock().now();
    Ok(match end {
        None => {
            let DayRead { unfinished, unread, .. } = done;
            let event = PlanEvent::Read { ask, started, ended, rows: total, unfinished, unread };
            (event, SyncStep::Read(done))
        }
        Some(error) => {
            let event = PlanEvent::Failed {
                ask,
                at: ended,
                cause: FailureCause::failed(error.kind(), error.reason()),
                general: is_general(&error),
                ready_in: error.ready_in(),
            };
            (event, SyncStep::Failed { day, why, rows: done.rows, error })
        }
    })
}

async fn put<S: Sink>(
    sink: &mut S,
    ask: &Ask,
    batch: &mut Vec<Row>,
    counts: &mut Upserted,
) -> Result<(), SyncError<S::Error>> {
    if !batch.is_empty() {
        let rows = RowBatch { day: ask.day, reading: ask.number, rows: batch };
        *counts += sink.upsert(rows).await.map_err(SyncError::Upsert)?;
        batch.clear();
    }
    Ok(())
}

/// Whether another day would have fared the same.
fn is_general(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Credentials
        | ErrorKind::Store
        | ErrorKind::Paced
        | ErrorKind::Unreachable
        | ErrorKind::Closed => true,
        ErrorKind::Refused => matches!(
            error.reason(),
            Some(Reason::BadCredentials | Reason::TokenExpired | Reason::TooManyRequests)
        ),
        _ => false,
    }
}
