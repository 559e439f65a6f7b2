//! A connection to PostgreSQL out of a pool. Each answer is waited for only so long: a reply that is lost on its way, as
//! when the server's host is gone without a word, never comes. A connection without an answer is closed and used no more.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::time::error::Elapsed;

use crate::store::error::StoreError;

/// How long a statement may take that PostgreSQL allows itself (`statement_timeout`), in the form that it reads.
pub(crate) const SERVER_LIMIT: &str = "30s";

/// How long an answer is waited for: longer than PostgreSQL works at it, so that none is cut that may still come.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);

/// The same of a writer, behind whose work all others' waits: its statements are short, and wait for no lock.
pub(crate) const WRITER_LIMIT: Duration = Duration::from_secs(15);

/// How long one that has not been used for a while may take to show that it is alive. Otherwise there is a new one.
pub(crate) const PING_LIMIT: Duration = Duration::from_secs(1);

/// A connection, in a transaction or not. What was begun and not committed is undone when it is dropped.
#[derive(Debug)]
pub(crate) struct PgConn {
    /// `None` once there was no answer.
    conn: Option<PoolConnection<Postgres>>,
    is_begun: bool,
    limit: Duration,
}

impl PgConn {
    /// One of the pool, whose answers are waited for so long.
    pub(crate) async fn of(pool: &PgPool, limit: Duration) -> Result<Self, StoreError> {
        Ok(Self { conn: Some(pool.acquire().await?), is_begun: false, limit })
    }

    /// The same with a transaction that this statement begins.
    pub(crate) async fn begun(pool: &PgPool, begin: &'static str) -> Result<Self, StoreError> {
        let mut conn = Self::of(pool, LIMIT).await?;
        conn.is_begun = true;
        conn.control(begin).await?;
        Ok(conn)
    }

    /// Commits what was begun.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        self.control("COMMIT").await?;
        self.is_begun = false;
        Ok(())
    }

    /// Runs a statement without parameters and rows.
    pub(crate) async fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let limit = self.limit;
        let asked = sqlx::raw_sql(sql).execute(self.link()?);
        let answer = tokio::time::timeout(limit, asked).await;
        self.answer(answer).map(drop)
    }

    /// How long an answer is waited for.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// What runs statements.
    pub(crate) fn link(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.conn.as_deref_mut().ok_or_else(no_answer)
    }

    /// What was answered in time. If nothing was, the connection is closed: in which state it is, is not known.
    pub(crate) fn answer<T>(
        &mut self,
        answer: Result<Result<T, sqlx::Error>, Elapsed>,
    ) -> Result<T, StoreError> {
        if let Ok(answer) = answer {
            return Ok(answer?);
        }
        tracing::warn!("PostgreSQL has not answered in time: its connection is closed");
        self.close();
        Err(no_answer())
    }

    /// Closes it without another word.
    pub(crate) fn close(&mut self) {
        if let Some(conn) = self.conn.take() {
            drop(conn.detach());
        }
    }
}

fn no_answer() -> StoreError {
    StoreError::Unavailable("the database has not answered in time".into())
}

impl Drop for PgConn {
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
    use crate::store::suite::postgres;

    async fn pool() -> PgPool {
        PgPoolOptions::new().max_connections(1).connect(&postgres().await).await.unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_does_not_answer_in_time_is_closed_and_there_is_another() {
        let pool = pool().await;
        for is_begun in [false, true] {
            let mut conn = if is_begun {
                PgConn::begun(&pool, "BEGIN").await.unwrap()
            } else {
                PgConn::of(&pool, LIMIT).await.unwrap()
            };
            conn.limit = Duration::from_millis(200);
            let since = Instant::now();
            let slow = conn.control("SELECT pg_sleep(10)").await.unwrap_err();
            assert!(matches!(slow, StoreError::Unavailable(_)), "{slow}");
            // Also when another is asked for, no one waits for the first answer.
            assert!(conn.control("SELECT 1").await.is_err());
            drop(conn);
            PgConn::of(&pool, LIMIT).await.unwrap().control("SELECT 1").await.unwrap();
            assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
        }
    }

    #[tokio::test]
    async fn one_that_cannot_be_undone_in_time_leaves_its_place_to_another() {
        let pool = pool().await;
        let mut conn = PgConn::begun(&pool, "BEGIN").await.unwrap();
        conn.limit = Duration::from_millis(300);
        let busy = async {
            let link = conn.link().unwrap();
            sqlx::raw_sql("SELECT pg_sleep(20)").execute(link).await.map(|_| ())
        };
        assert!(tokio::time::timeout(Duration::from_millis(100), busy).await.is_err());
        drop(conn);
        let since = Instant::now();
        let mut other = PgConn::begun(&pool, "BEGIN").await.unwrap();
        other.control("SELECT 1").await.unwrap();
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    }

    #[tokio::test]
    async fn what_was_begun_and_not_committed_is_undone_before_another_has_the_connection() {
        let pool = pool().await;
        let make = "CREATE TABLE made (one BIGINT)";
        for _ in 0..2 {
            let mut conn = PgConn::begun(&pool, "BEGIN").await.unwrap();
            conn.control(make).await.unwrap();
        }
        let mut conn = PgConn::begun(&pool, "BEGIN").await.unwrap();
        conn.control(make).await.unwrap();
        conn.commit().await.unwrap();
        let mut conn = PgConn::of(&pool, LIMIT).await.unwrap();
        assert!(conn.control(make).await.is_err(), "it is there");
        conn.control("DROP TABLE made").await.unwrap();
    }
}
