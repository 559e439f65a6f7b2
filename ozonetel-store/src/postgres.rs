//! Connections to PostgreSQL as a [`Store`](crate::Store) has them, for a program that keeps tables of its own beside the
//! store's.
//!
//! Each answer is waited for only so long: one that is lost on its way, as when the server's host is gone without a word,
//! never comes. A connection without an answer is closed and used no more.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};
use tokio::time::error::Elapsed;

/// How long one that has not been used for a while may take to show that it is alive. Otherwise there is a new one.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// How long one that was used is taken to be alive.
const FRESH: Duration = Duration::from_secs(1);

/// A pool of up to `connections`, each of which is waited for as long as `patience`. One that was used a moment ago is not
/// asked whether it is alive; one that has not answered within a second is replaced.
pub fn pool(connections: u32, patience: Duration) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience)
        .test_before_acquire(false)
        .before_acquire(|conn, used| {
            Box::pin(async move {
                if used.idle_for > FRESH {
                    let alive = tokio::time::timeout(PING_LIMIT, conn.ping()).await;
                    alive.map_err(|_| sqlx::Error::PoolTimedOut)??;
                }
                Ok(true)
            })
        })
}

/// A connection, in a transaction or not. What was begun and not committed is undone when it is dropped.
#[derive(Debug)]
pub struct PgLink {
    /// `None` once there was no answer.
    conn: Option<PoolConnection<Postgres>>,
    is_begun: bool,
    limit: Duration,
}

impl PgLink {
    /// One of the pool, whose answers are waited for as long as `limit`: longer than PostgreSQL works at one
    /// (`statement_timeout`), so that none is cut that may still come.
    ///
    /// # Errors
    /// None is free in time, or none can be made.
    pub async fn of(pool: &PgPool, limit: Duration) -> Result<Self, sqlx::Error> {
        Ok(Self { conn: Some(pool.acquire().await?), is_begun: false, limit })
    }

    /// The same in a transaction, which the statement `begin` begins.
    ///
    /// # Errors
    /// As [`of`](Self::of) and [`control`](Self::control).
    ///
    /// # Cancel safety
    /// If it is dropped, no transaction is left open.
    pub async fn begun(
        pool: &PgPool,
        limit: Duration,
        begin: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let mut link = Self::of(pool, limit).await?;
        link.is_begun = true;
        link.control(begin).await?;
        Ok(link)
    }

    /// Commits what was begun.
    ///
    /// # Errors
    /// As [`control`](Self::control). Without an answer ([`is_no_answer`]) it may be committed.
    ///
    /// # Cancel safety
    /// If it is dropped, it may be committed.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.control("COMMIT").await?;
        self.is_begun = false;
        Ok(())
    }

    /// Runs statements without parameters and rows.
    ///
    /// # Errors
    /// The server refuses, or has not answered in time.
    pub async fn control(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let limit = self.limit;
        let asked = sqlx::raw_sql(sql).execute(self.conn()?);
        let answer = tokio::time::timeout(limit, asked).await;
        self.answer(answer).map(drop)
    }

    /// How long an answer is waited for.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// What runs statements. Who runs one waits for its answer no longer than [`limit`](Self::limit), and gives what came
    /// to [`answer`](Self::answer).
    ///
    /// # Errors
    /// It has been closed.
    pub fn conn(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.conn.as_deref_mut().ok_or_else(|| sqlx::Error::Io(io::ErrorKind::NotConnected.into()))
    }

    /// What was answered in time. If nothing was, the connection is closed: in which state it is, is not known.
    ///
    /// # Errors
    /// What was answered, or that nothing was.
    pub fn answer<T>(
        &mut self,
        answer: Result<Result<T, sqlx::Error>, Elapsed>,
    ) -> Result<T, sqlx::Error> {
        answer.unwrap_or_else(|_| {
            self.close();
            Err(no_answer())
        })
    }

    /// Closes it without another word.
    pub fn close(&mut self) {
        if let Some(conn) = self.conn.take() {
            drop(conn.detach());
        }
    }
}

/// Whether a [`PgLink`] was closed because no answer came in time. Asked again, it fails otherwise; so does a connection
/// for which the system's own patience has ended.
pub fn is_no_answer(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => {
            matches!(error.get_ref(), Some(inner) if inner.is::<NoAnswer>())
        }
        _ => false,
    }
}

#[derive(Debug)]
struct NoAnswer;

impl Error for NoAnswer {}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database has not answered in time")
    }
}

fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, NoAnswer))
}

impl Drop for PgLink {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        let (is_begun, limit) = (self.is_begun, self.limit);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if is_begun {
                let undone = sqlx::raw_sql("ROLLBACK").execute(&mut *conn);
                // One that may still be in a transaction is no other's, and has no place in the pool.
                if !matches!(tokio::time::timeout(limit, undone).await, Ok(Ok(_))) {
                    return drop(conn.detach());
                }
            }
            // It is asked whether it is alive, which may take as long as a statement.
            let _ = tokio::time::timeout(limit, conn.return_to_pool()).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(40);

    async fn pool() -> PgPool {
        let server = ozonetel_postgres::server().unwrap();
        let url = server.database("links", async |_: &str| Ok(())).await.unwrap();
        super::pool(1, LIMIT).connect(&url).await.unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_does_not_answer_in_time_is_closed_and_there_is_another() {
        let pool = pool().await;
        for is_begun in [false, true] {
            let mut link = if is_begun {
                PgLink::begun(&pool, LIMIT, "BEGIN").await.unwrap()
            } else {
                PgLink::of(&pool, LIMIT).await.unwrap()
            };
            link.limit = Duration::from_millis(200);
            let since = Instant::now();
            let slow = link.control("SELECT pg_sleep(10)").await.unwrap_err();
            assert!(is_no_answer(&slow), "{slow}");
            // Also when another is asked for, no one waits for the first answer.
            let closed = link.control("SELECT 1").await.unwrap_err();
            assert!(!is_no_answer(&closed), "{closed}");
            drop(link);
            PgLink::of(&pool, LIMIT).await.unwrap().control("SELECT 1").await.unwrap();
            assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
        }
    }

    #[test]
    fn what_the_system_has_waited_for_is_not_a_connections_missing_answer() {
        assert!(is_no_answer(&no_answer()));
        for kind in [io::ErrorKind::TimedOut, io::ErrorKind::ConnectionReset] {
            assert!(!is_no_answer(&sqlx::Error::Io(kind.into())), "{kind}");
        }
        assert!(!is_no_answer(&sqlx::Error::PoolTimedOut));
    }

    #[tokio::test]
    async fn one_that_cannot_be_undone_in_time_leaves_its_place_to_another() {
        let pool = pool().await;
        let mut link = PgLink::begun(&pool, Duration::from_millis(300), "BEGIN").await.unwrap();
        let busy = async {
            let conn = link.conn().unwrap();
            sqlx::raw_sql("SELECT pg_sleep(20)").execute(conn).await.map(|_| ())
        };
        assert!(tokio::time::timeout(Duration::from_millis(100), busy).await.is_err());
        drop(link);
        let since = Instant::now();
        let mut other = PgLink::begun(&pool, LIMIT, "BEGIN").await.unwrap();
        other.control("SELECT 1").await.unwrap();
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    }

    #[tokio::test]
    async fn what_was_begun_and_not_committed_is_undone_before_another_has_the_connection() {
        let pool = pool().await;
        let make = "CREATE TABLE made (one BIGINT)";
        for _ in 0..2 {
            let mut link = PgLink::begun(&pool, LIMIT, "BEGIN").await.unwrap();
            link.control(make).await.unwrap();
        }
        let mut link = PgLink::begun(&pool, LIMIT, "BEGIN").await.unwrap();
        link.control(make).await.unwrap();
        link.commit().await.unwrap();
        let mut link = PgLink::of(&pool, LIMIT).await.unwrap();
        assert!(link.control(make).await.is_err(), "it is there");
    }
}
