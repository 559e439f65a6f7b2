//! What is written often waits for a writer, which writes all that waits in one transaction and commits it together, so
//! that one write to the disk serves many callers. A piece of work that fails is undone alone, or the others are done
//! without it. Work that no one waits for does not have the disk written for itself alone while there is more of it.

pub(super) mod postgres;
pub(super) mod sqlite;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::error::StoreError;
use super::tx::{Tx, TxFuture};

/// How many pieces of work may wait.
const WAITING: usize = 1024;

/// How soon after a commit work that can wait is committed.
pub(super) const PAUSE: Duration = Duration::from_millis(25);

/// Whether work is committed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Someone waits for it.
    Prompt,
    /// It is committed with what comes next, or [`PAUSE`] after the commit before it.
    Patient,
}

/// When work can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fails {
    /// At any point: what it has changed until then is undone alone.
    Anywhere,
    /// Before its first change. If it fails later all the same, all that was to be committed with it is undone.
    BeforeChanges,
}

/// A piece of work: statements on the writer's connection.
pub(super) trait WriteWork<T>: Send {
    /// Does it.
    fn run(self: Box<Self>, tx: &mut Tx) -> TxFuture<'_, T>;

    /// The same work once more; `None` if it can be done only once.
    fn again(&self) -> Option<Box<dyn WriteWork<T>>>;
}

/// Work that can be done only once.
pub(super) struct Once<F>(pub F);

/// Work that can be done again, after what it did was undone.
pub(super) struct Repeatable<F>(pub F);

impl<T, F> WriteWork<T> for Once<F>
where
    F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
{
    fn run(self: Box<Self>, tx: &mut Tx) -> TxFuture<'_, T> {
        (self.0)(tx)
    }

    fn again(&self) -> Option<Box<dyn WriteWork<T>>> {
        None
    }
}

impl<T, F> WriteWork<T> for Repeatable<F>
where
    F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Clone + Send + 'static,
{
    fn run(self: Box<Self>, tx: &mut Tx) -> TxFuture<'_, T> {
        (self.0)(tx)
    }

    fn again(&self) -> Option<Box<dyn WriteWork<T>>> {
        Some(Box::new(Self(self.0.clone())))
    }
}

/// Work of any type, with someone to be told.
trait Job: Send {
    /// When it can fail.
    fn fails(&self) -> Fails;

    /// Runs it, and keeps it so that it can be run again or not; whether it succeeded.
    fn run<'t>(&'t mut self, tx: &'t mut Tx, keep: bool) -> BoxFuture<'t, bool>;

    /// Tells the caller what it did, or why it was not kept.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

impl std::fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

struct TypedJob<T> {
    work: Option<Box<dyn WriteWork<T>>>,
    fails: Fails,
    done: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send + 'static> Job for TypedJob<T> {
    fn fails(&self) -> Fails {
        self.fails
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx, keep: bool) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return false };
            self.work = if keep { work.again() } else { None };
            let work = AssertUnwindSafe(async { work.run(tx).await }).catch_unwind().await;
            let done = work.unwrap_or_else(|panic| Err(panicked(&*panic)));
            let succeeded = done.is_ok();
            self.done = Some(done);
            succeeded
        })
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let done = self.done.unwrap_or(Err(closed())).and_then(|done| commit.map(|()| done));
        // A caller who has gone away changes nothing.
        let _ = self.caller.send(done);
    }
}

pub(super) fn panicked(_: &(dyn Any + Send)) -> StoreError {
    tracing::error!("a write panicked and was undone");
    StoreError::Unavailable("the write failed".into())
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}

/// What is sent to the writer: work, or that it is over.
type Message = Option<(Box<dyn Job>, Pace)>;

/// The way to the writer. Cheap to clone; the writer ends when it is told to, or the last one is dropped.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    commits: Arc<AtomicU64>,
    ended: watch::Receiver<bool>,
}

/// The writer's end of it. Nothing can be sent any more before it says that it has ended.
struct Served {
    queue: Queue,
    commits: Arc<AtomicU64>,
    _end: End,
}

/// Says when it is dropped that the writer has ended.
struct End(watch::Sender<bool>);

impl Writer {
    fn new() -> (Self, Served) {
        let (queue, waiting) = mpsc::channel(WAITING);
        let commits = Arc::new(AtomicU64::new(0));
        let (end, ended) = watch::channel(false);
        let counted = Arc::clone(&commits);
        let served = Served { queue: Queue::new(waiting), commits: counted, _end: End(end) };
        (Self { queue, commits, ended }, served)
    }

    /// Runs work in the next transaction, and waits until it is committed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        fails: Fails,
        work: Box<dyn WriteWork<T>>,
        pace: Pace,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(TypedJob { work: Some(work), fails, done: None, caller });
        self.queue.send(Some((job, pace))).await.map_err(|_| closed())?;
        answer.await.unwrap_or(Err(StoreError::Unknown))
    }

    /// How many transactions have been committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Ends the writer once what was sent before is done; what is sent later fails.
    pub(super) async fn close(&self) {
        // A writer that is gone has ended as well.
        let _ = self.queue.send(None).await;
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

impl Served {
    fn count(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// What waits for the writer.
struct Queue {
    waiting: mpsc::Receiver<Message>,
    open: bool,
    last: Option<Instant>,
}

impl Queue {
    fn new(waiting: mpsc::Receiver<Message>) -> Self {
        Self { waiting, open: true, last: None }
    }

    /// The next work, and what is gathered with it, at most so much; `None` when it is over.
    async fn next(&mut self, most: usize) -> Option<Vec<Box<dyn Job>>> {
        if !self.open {
            return None;
        }
        let (first, pace) = self.waiting.recv().await??;
        let mut jobs = vec![first];
        if pace == Pace::Patient
            && let Some(last) = self.last
        {
            self.gather(&mut jobs, last + PAUSE, most).await;
        }
        Some(jobs)
    }

    /// What waits right now, if anything does.
    fn another(&mut self) -> Option<Box<dyn Job>> {
        if !self.open {
            return None;
        }
        match self.waiting.try_recv() {
            Ok(Some((job, _))) => Some(job),
            Ok(None) => {
                self.open = false;
                None
            }
            Err(_) => None,
        }
    }

    /// What came before now has been committed, or not.
    fn ended(&mut self) {
        self.last = Some(Instant::now());
    }

    /// Waits for more work until there is some whom someone waits for, enough of it, or a time.
    async fn gather(&mut self, jobs: &mut Vec<Box<dyn Job>>, until: Instant, most: usize) {
        let (waiting, open) = (&mut self.waiting, &mut self.open);
        let more = async {
            while jobs.len() < most {
                let Some(Some((job, pace))) = waiting.recv().await else {
                    *open = false;
                    break;
                };
                jobs.push(job);
                if pace == Pace::Prompt {
                    break;
                }
            }
        };
        // Whether there was more or the time was over: what is there is written now.
        let _ = tokio::time::timeout_at(until, more).await;
    }
}
