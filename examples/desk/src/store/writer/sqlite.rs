//! The one writer of a SQLite file, with a thread of its own.
//!
//! To undo one piece of work alone, every page that it changes is copied first, for a dial some thirty. Work that checks
//! before it changes anything does without.

use std::collections::VecDeque;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{Fails, Job, Queue, Served, Writer};
use crate::store::conn::{Conn, SqliteConn};
use crate::store::error::StoreError;
use crate::store::event_rows::write_events;
use crate::store::tx::{Tx, announce};

/// How many are committed together at most.
const TOGETHER: usize = 256;

impl Writer {
    /// Starts a writer on its connection; `head` is told the newest event after each commit.
    pub(crate) fn of_file(conn: SqliteConn, head: watch::Sender<i64>) -> Result<Self, StoreError> {
        let (writer, served) = Self::new();
        let runtime = Handle::current();
        let work = move || runtime.block_on(run(conn, served, &head));
        let started = std::thread::Builder::new().name("store-writer".to_owned()).spawn(work);
        started.map_err(|error| StoreError::Unavailable(error.kind().to_string().into()))?;
        Ok(writer)
    }
}

async fn run(conn: SqliteConn, mut served: Served, head: &watch::Sender<i64>) {
    let mut tx = Tx::new(Conn::Sqlite(conn));
    while let Some(jobs) = served.queue.next(TOGETHER).await {
        let (jobs, committed) = transaction(&mut tx, jobs, &mut served.queue).await;
        served.queue.ended();
        let committed = committed.map(|newest| {
            served.count();
            announce(newest, head);
        });
        for job in jobs {
            job.answer(committed.clone());
        }
    }
}

/// Runs these jobs and what else waits, as one transaction: the jobs, and the newest event if they were committed.
async fn transaction(
    tx: &mut Tx,
    first: Vec<Box<dyn Job>>,
    queue: &mut Queue,
) -> (Vec<Box<dyn Job>>, Result<Option<i64>, StoreError>) {
    let mut jobs = Vec::new();
    let mut next = VecDeque::from(first);
    let mut begun = tx.control("BEGIN IMMEDIATE").await;
    while let Some(mut job) = next.pop_front() {
        if begun.is_ok() {
            begun = one(tx, &mut *job).await;
        }
        jobs.push(job);
        if next.is_empty() && jobs.len() < TOGETHER {
            next.extend(queue.another());
        }
    }
    let committed = match begun {
        Ok(()) => commit(tx).await,
        Err(failed) => Err(failed),
    };
    if committed.is_err() {
        tx.forget_reports(0);
        // Whether or not a transaction is still open.
        let _ = tx.control("ROLLBACK").await;
    }
    (jobs, committed)
}

/// Runs one job. An error: nothing of the transaction can be kept.
async fn one(tx: &mut Tx, job: &mut dyn Job) -> Result<(), StoreError> {
    let reports = tx.reports();
    tx.take_footprint();
    let undone_alone = job.fails() == Fails::Anywhere;
    if undone_alone {
        tx.control("SAVEPOINT job").await?;
    }
    let succeeded = job.run(tx, false).await;
    if tx.is_undone() {
        return Err(StoreError::Unavailable("the database has undone the transaction".into()));
    }
    if succeeded {
        return if undone_alone { tx.control("RELEASE job").await } else { Ok(()) };
    }
    tx.forget_reports(reports);
    if undone_alone {
        tx.control("ROLLBACK TO job").await?;
        return tx.control("RELEASE job").await;
    }
    if tx.take_footprint().changed {
        return Err(StoreError::Unavailable("what was written with it failed midway".into()));
    }
    Ok(())
}

/// Writes the events and commits; the number of the newest.
async fn commit(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    let newest = write_events(tx).await?;
    #[cfg(feature = "kill-points")]
    let is_counted = tx.take_mark();
    #[cfg(feature = "kill-points")]
    if is_counted {
        crate::store::kill::point(crate::store::kill::Side::Before);
    }
    tx.control("COMMIT").await?;
    #[cfg(feature = "kill-points")]
    if is_counted {
        crate::store::kill::point(crate::store::kill::Side::After);
    }
    Ok(newest)
}
