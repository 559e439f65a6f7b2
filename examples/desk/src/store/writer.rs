//! The one writer of a SQLite file. What waits for it is written in one transaction and committed together, so that
//! one write to the disk serves many callers; each piece of work is undone alone if it fails. Work that no one waits for
//! does not have the disk written for itself alone while there is more of it.
//!
//! To undo one alone, every page that it changes is copied first, for a dial some thirty. Work that checks before it
//! changes anything does without.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::conn::{Conn, SqliteConn};
use super::error::StoreError;
use super::tx::{Tx, TxFuture};

/// How many pieces of work may wait.
const WAITING: usize = 1024;

/// How many are committed together at most.
const TOGETHER: usize = 256;

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

/// A piece of work: statements on the writer's connection, and someone to be told.
type Work<T> = Box<dyn for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static>;

/// When work can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fails {
    /// At any point: what it has changed until then is undone alone.
    Anywhere,
    /// Before its first change. If it fails later all the same, all that was to be committed with it is undone.
    BeforeChanges,
}

/// Work of any type.
trait Job: Send {
    /// When it can fail.
    fn fails(&self) -> Fails;

    /// Runs it; whether it succeeded.
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool>;

    /// Tells the caller what it did, or why it was not kept.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

/// What is sent to the writer: work, or that it is over.
type Message = Option<(Box<dyn Job>, Pace)>;

struct TypedJob<T> {
    work: Option<Work<T>>,
    fails: Fails,
    done: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send + 'static> Job for TypedJob<T> {
    fn fails(&self) -> Fails {
        self.fails
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return false };
            let work = AssertUnwindSafe(async { work(tx).await }).catch_unwind().await;
            let done = work.unwrap_or_else(|panic| Err(panicked(&*panic)));
            let succeeded = done.is_ok();
            self.done = Some(done);
            succeeded
        })
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        let done = self.done.unwrap_or(Err(closed()));
        // A caller who has gone away changes nothing.
        let _ = self.caller.send(done.and_then(|done| commit.map(|()| done)));
    }
}

pub(super) fn panicked(_: &(dyn Any + Send)) -> StoreError {
    tracing::error!("a write panicked and was undone");
    StoreError::Unavailable("the write failed".into())
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".into())
}

/// The way to the writer. Cheap to clone; the writer ends when it is told to, or the last one is dropped.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    commits: Arc<AtomicU64>,
    ended: watch::Receiver<bool>,
}

impl std::fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Job")
    }
}

impl Writer {
    /// Starts a writer on its connection, with a thread of its own; `head` is told the newest event after each commit.
    pub(super) fn start(conn: SqliteConn, head: watch::Sender<i64>) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(WAITING);
        let commits = Arc::new(AtomicU64::new(0));
        let (end, ended) = watch::channel(false);
        let (counted, runtime) = (Arc::clone(&commits), Handle::current());
        let work = move || {
            runtime.block_on(run(conn, waiting, &head, &counted));
            end.send_replace(true);
        };
        let started = std::thread::Builder::new().name("store-writer".to_owned()).spawn(work);
        started.map_err(|error| StoreError::Unavailable(error.kind().to_string().into()))?;
        Ok(Self { queue, commits, ended })
    }

    /// Runs work in the next transaction, and waits until it is committed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        fails: Fails,
        work: Work<T>,
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

async fn run(
    conn: SqliteConn,
    mut waiting: mpsc::Receiver<Message>,
    head: &watch::Sender<i64>,
    commits: &AtomicU64,
) {
    let mut tx = Tx::new(Conn::Sqlite(conn));
    let (mut open, mut last) = (true, None);
    while open && let Some(Some((first, pace))) = waiting.recv().await {
        let mut jobs = vec![first];
        if pace == Pace::Patient
            && let Some(last) = last
        {
            open = gather(&mut jobs, &mut waiting, last + PAUSE).await;
        }
        let (jobs, committed) = transaction(&mut tx, jobs, &mut waiting, &mut open).await;
        last = Some(Instant::now());
        if committed.is_ok() {
            commits.fetch_add(1, Ordering::Relaxed);
            tx.announce(head);
        }
        for job in jobs {
            job.answer(committed.clone());
        }
    }
}

/// Waits for more work until there is one whom someone waits for, enough of it, or a time; whether more may come.
async fn gather(
    jobs: &mut Vec<Box<dyn Job>>,
    waiting: &mut mpsc::Receiver<Message>,
    until: Instant,
) -> bool {
    let more = async {
        while jobs.len() < TOGETHER {
            let Some(Some((job, pace))) = waiting.recv().await else { return false };
            jobs.push(job);
            if pace == Pace::Prompt {
                break;
            }
        }
        true
    };
    tokio::time::timeout_at(until, more).await.unwrap_or(true)
}

/// Runs these jobs and what else waits, as one transaction: the jobs, and whether they were committed.
async fn transaction(
    tx: &mut Tx,
    first: Vec<Box<dyn Job>>,
    waiting: &mut mpsc::Receiver<Message>,
    open: &mut bool,
) -> (Vec<Box<dyn Job>>, Result<(), StoreError>) {
    let mut jobs = Vec::new();
    let mut next = VecDeque::from(first);
    let mut begun = tx.statements(&["BEGIN IMMEDIATE"]);
    while let Some(mut job) = next.pop_front() {
        if begun.is_ok() {
            begun = one(tx, &mut *job).await;
        }
        jobs.push(job);
        if next.is_empty() && *open && jobs.len() < TOGETHER {
            match waiting.try_recv() {
                Ok(Some((job, _))) => next.push_back(job),
                Ok(None) => *open = false,
                Err(_) => {}
            }
        }
    }
    let committed = match begun {
        Ok(()) => commit(tx),
        Err(failed) => Err(failed),
    };
    if committed.is_err() {
        tx.set_head(None);
        // Whether or not a transaction is still open.
        let _ = tx.statements(&["ROLLBACK"]);
    }
    (jobs, committed)
}

/// Runs one job. An error: nothing of the transaction can be kept.
async fn one(tx: &mut Tx, job: &mut dyn Job) -> Result<(), StoreError> {
    let (head, changes) = (tx.head(), tx.changes());
    if job.fails() == Fails::Anywhere {
        tx.statements(&["SAVEPOINT job"])?;
        if job.run(tx).await {
            return tx.statements(&["RELEASE job"]);
        }
        tx.set_head(head);
        return tx.statements(&["ROLLBACK TO job", "RELEASE job"]);
    }
    if !job.run(tx).await && tx.changes() != changes {
        return Err(StoreError::Unavailable("what was written with it failed midway".into()));
    }
    Ok(())
}

fn commit(tx: &mut Tx) -> Result<(), StoreError> {
    #[cfg(feature = "kill-points")]
    let is_counted = tx.take_mark();
    #[cfg(feature = "kill-points")]
    if is_counted {
        super::kill::point(super::kill::Side::Before);
    }
    tx.statements(&["COMMIT"])?;
    #[cfg(feature = "kill-points")]
    if is_counted {
        super::kill::point(super::kill::Side::After);
    }
    Ok(())
}
