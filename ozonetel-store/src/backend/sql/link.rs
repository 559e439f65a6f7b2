//! A connection to PostgreSQL out of a pool. Each answer is waited for only so long: one that is lost on its way, as when
//! the server's host is gone without a word, never comes. A connection without an answer is closed and used no more.

use std::io;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::time::error::Elapsed;

/// How long an answer is waited for: longer than PostgreSQL works at it, so that none is cut that may still come.
pub(super) const LIMIT: Duration = Duration::from_secs(70);

/// How long one that has not been used for a while may take to show that it is alive. Otherwise there is a new one.
pub(super) const PING_LIMIT: Duration = Duration::from_secs(1);

/// A connection, in a transaction or not. What was begun and not committed is undone when it is dropped.
pub(super) struct PgLink {
    /// `None` once there was no answer.
    conn: Option<PoolConnection<Postgres>>,
    is_begun: bool,
    limit: Duration,
}

impl PgLink {
    /// One of the pool.
    pub(super) async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self { conn: Some(pool.acquire().await?), is_begun: false, limit: LIMIT })
    }

    /// The same in a transaction.
    pub(super) async fn begun(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let mut link = Self::of(pool).await?;
        link.is_begun = true;
        link.control("BEGIN").await?;
        Ok(link)
    }

    /// Commits what was begun.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.control("COMMIT").await?;
        self.is_begun = false;
        Ok(())
    }

    /// Runs statements without parameters and rows.
    pub(super) async fn control(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        let limit = self.limit;
        let asked = sqlx::raw_sql(sql).execute(self.conn()?);
        let answer = tokio::time::timeout(limit, asked).await;
        self.answer(answer).map(drop)
    }

    /// How long an answer is waited for.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What runs statements.
    pub(super) fn conn(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.conn.as_deref_mut().ok_or_else(no_answer)
    }

    /// What was answered in time. If nothing was, the connection is closed: in which state it is, is not known.
    pub(super) fn answer<T>(
        &mut self,
        answer: Result<Result<T, sqlx::Error>, Elapsed>,
    ) -> Result<T, sqlx::Error> {
        answer.unwrap_or_else(|_| {
            if let Some(conn) = self.conn.take() {
                drop(conn.detach());
            }
            Err(no_answer())
        })
    }
}

fn no_answer() -> sqlx::Error {
    let text = "the database has not answered in time";
    sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text))
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
    use sqlx::postgres::PgPoolOptions;
    use tokio::time::Instant;

    use super::*;

    async fn pool() -> PgPool {
        let server = ozonetel_postgres::server().unwrap();
        let url = server.database("links", async |_: &str| Ok(())).await.unwrap();
        PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_does_not_answer_in_time_is_closed_and_there_is_another() {
        let pool = pool().await;
        for is_begun in [false, true] {
            let mut link = if is_begun {
                PgLink::begun(&pool).await.unwrap()
            } else {
                PgLink::of(&pool).await.unwrap()
            };
            link.limit = Duration::from_millis(200);
            let since = Instant::now();
            let slow = link.control("SELECT pg_sleep(10)").await.unwrap_err();
            assert!(slow.to_string().contains("not answered in time"), "{slow}");
            // Also when another is asked for, no one waits for the first answer.
            assert!(link.control("SELECT 1").await.is_err());
            drop(link);
            PgLink::of(&pool).await.unwrap().control("SELECT 1").await.unwrap();
            assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
        }
    }

    #[tokio::test]
    async fn what_was_begun_and_not_committed_is_undone_before_another_has_the_connection() {
        let pool = pool().await;
        let make = "CREATE TABLE made (one BIGINT)";
        for _ in 0..2 {
            let mut link = PgLink::begun(&pool).await.unwrap();
            link.control(make).await.unwrap();
        }
        let mut link = PgLink::begun(&pool).await.unwrap();
        link.control(make).await.unwrap();
        link.commit().await.unwrap();
        let mut link = PgLink::of(&pool).await.unwrap();
        assert!(link.control(make).await.is_err(), "it is there");
    }
}
