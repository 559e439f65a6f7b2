//! A writer of this desk's on PostgreSQL, with a connection of its own: one for what someone waits for, one for what no
//! one does. Other desks write beside them, and so does what is not written often.
//!
//! Pieces of work that are committed together keep their locks until all are done, and two desks may wait for each other
//! for that. Therefore a lock is waited for only a moment; then, and when one fails midway, all that was done is undone,
//! and each is done again by itself.

use ozonetel_store::postgres::PgLink;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;

use super::{Job, Queue, Served, Writer};
use crate::store::conn::{Conn, LIMIT, PATIENCE, WRITER_LIMIT};
use crate::store::error::StoreError;
use crate::store::event_rows::write_events;
use crate::store::tx::{Tx, announce};

/// How many are committed together at most. Those in front wait for those behind.
const TOGETHER: usize = 64;

/// How long a lock is waited for by work that is committed together. What holds it on another desk is committed sooner,
/// unless the two wait for each other.
const LOCK: &str = "200ms";

/// How a transaction of several ended.
enum Ended {
    /// It was committed; the newest event.
    Committed(Option<i64>),
    /// It was undone: each is to be done by itself.
    Apart,
    /// The database was not there, or went away during the commit.
    Failed(StoreError),
}

impl Writer {
    /// Starts a writer with a connection of its own; `pool` is for what is done by itself. `head` is told the newest event
    /// after each commit.
    pub(crate) fn of_server(
        options: PgConnectOptions,
        pool: PgPool,
        head: watch::Sender<i64>,
    ) -> Self {
        let options = options.options([("lock_timeout", LOCK)]);
        let own = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(options);
        let (writer, served) = Self::new();
        tokio::spawn(run(Link { own, tx: None }, pool, served, head));
        writer
    }
}

async fn run(mut link: Link, pool: PgPool, mut served: Served, head: watch::Sender<i64>) {
    while let Some(mut jobs) = served.queue.next(TOGETHER).await {
        let ended = together(&mut link, &mut jobs, &mut served.queue).await;
        served.queue.ended();
        match ended {
            Ended::Committed(newest) => {
                announce(newest, &head);
                for job in jobs {
                    job.answer(Ok(()));
                }
            }
            Ended::Apart => apart(&pool, jobs, &head).await,
            Ended::Failed(error) => {
                for job in jobs {
                    job.answer(Err(error.clone()));
                }
                refuse_waiting(&mut served.queue, &error);
            }
        }
    }
    // Which the pool waits for.
    drop(link.tx);
    link.own.close().await;
}

/// What waits for a database that is not there has waited long enough.
fn refuse_waiting(queue: &mut Queue, error: &StoreError) {
    if matches!(error, StoreError::Unavailable(_)) {
        while let Some(job) = queue.another() {
            job.answer(Err(error.clone()));
        }
    }
}

/// Does these jobs and what else waits, as one transaction.
async fn together(link: &mut Link, jobs: &mut Vec<Box<dyn Job>>, queue: &mut Queue) -> Ended {
    let tx = match link.begin().await {
        Ok(tx) => tx,
        Err(error) => return Ended::Failed(error),
    };
    let mut next = 0;
    loop {
        while let Some(job) = jobs.get_mut(next) {
            if !one(tx, &mut **job).await {
                link.undo().await;
                return Ended::Apart;
            }
            next += 1;
        }
        if jobs.len() >= TOGETHER {
            break;
        }
        let Some(job) = queue.another() else { break };
        jobs.push(job);
    }
    let Ok(newest) = write_events(tx).await else {
        link.undo().await;
        return Ended::Apart;
    };
    match tx.control("COMMIT").await {
        Ok(()) => Ended::Committed(newest),
        Err(error) => {
            link.forget();
            Ended::Failed(at_commit(error))
        }
    }
}

/// Does one job; whether the others can go on: it succeeded, or failed before it had done anything.
async fn one(tx: &mut Tx, job: &mut dyn Job) -> bool {
    let reports = tx.reports();
    tx.take_footprint();
    let succeeded = job.run(tx, true).await;
    if succeeded {
        return true;
    }
    tx.forget_reports(reports);
    let footprint = tx.take_footprint();
    !footprint.changed && !footprint.refused
}

/// Does each by itself, in its order.
async fn apart(pool: &PgPool, jobs: Vec<Box<dyn Job>>, head: &watch::Sender<i64>) {
    let mut gone = None;
    for mut job in jobs {
        if let Some(error) = gone.clone() {
            job.answer(Err(error));
            continue;
        }
        let mut tx = match begin(pool).await {
            Ok(tx) => tx,
            Err(error) => {
                job.answer(Err(error.clone()));
                gone = Some(error);
                continue;
            }
        };
        // One that fails is undone as its transaction is dropped, and answers so itself.
        let committed = if job.run(&mut tx, false).await { commit(tx, head).await } else { Ok(()) };
        job.answer(committed);
    }
}

/// A transaction of its own, undone when it is dropped.
pub(crate) async fn begin(pool: &PgPool) -> Result<Tx, StoreError> {
    Ok(Tx::new(Conn::Postgres(PgLink::begun(pool, LIMIT, "BEGIN").await?)))
}

/// Writes the events of a transaction of its own, commits it, and tells of the newest.
pub(crate) async fn commit(mut tx: Tx, head: &watch::Sender<i64>) -> Result<(), StoreError> {
    let newest = write_events(&mut tx).await?;
    if let Conn::Postgres(conn) = tx.into_conn() {
        conn.commit().await.map_err(|error| at_commit(StoreError::of(&error)))?;
    }
    announce(newest, head);
    Ok(())
}

/// Whether a commit without an answer took place cannot be known.
fn at_commit(error: StoreError) -> StoreError {
    match error {
        StoreError::Unavailable(_) => StoreError::Unknown,
        other => other,
    }
}

/// The writer's connection, which is made anew when it is lost.
struct Link {
    own: PgPool,
    tx: Option<Tx>,
}

impl Link {
    /// Begins a transaction: on the connection that is there, or on a new one.
    async fn begin(&mut self) -> Result<&mut Tx, StoreError> {
        if let Some(tx) = &mut self.tx
            && tx.control("BEGIN").await.is_err()
        {
            self.forget();
        }
        if self.tx.is_none() {
            let mut tx = Tx::new(Conn::Postgres(PgLink::of(&self.own, WRITER_LIMIT).await?));
            tx.control("BEGIN").await?;
            self.tx = Some(tx);
        }
        self.tx.as_mut().ok_or(StoreError::Corrupt("connection"))
    }

    /// Undoes what was done since it was begun.
    async fn undo(&mut self) {
        if let Some(tx) = &mut self.tx {
            tx.forget_reports(0);
            if tx.control("ROLLBACK").await.is_err() {
                self.forget();
            }
        }
    }

    /// Closes the connection: in which state it is, is not known.
    fn forget(&mut self) {
        if let Some(Conn::Postgres(mut conn)) = self.tx.take().map(Tx::into_conn) {
            conn.close();
        }
    }
}
