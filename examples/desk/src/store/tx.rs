//! Statements on one connection, and which events they wrote.

use futures_util::future::BoxFuture;
use sqlx::SqlSafeStr;
use tokio::sync::watch;

use super::conn::{Arg, Conn, Row};
use super::error::StoreError;

/// Work on a [`Tx`].
pub type TxFuture<'t, T> = BoxFuture<'t, Result<T, StoreError>>;

/// Statements on one connection, within a transaction where there is one.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
    head: Option<i64>,
    #[cfg(feature = "kill-points")]
    is_marked: bool,
}

impl Tx {
    pub(super) fn new(conn: Conn) -> Self {
        Self {
            conn,
            head: None,
            #[cfg(feature = "kill-points")]
            is_marked: false,
        }
    }

    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        let sql = sql.into_sql_str();
        #[cfg(feature = "kill-points")]
        let is_counted = super::kill::is_counted(sql.as_str());
        let rows = self.conn.execute(sql, args).await?;
        #[cfg(feature = "kill-points")]
        {
            self.is_marked |= is_counted && rows > 0;
        }
        Ok(rows)
    }

    /// The rows a statement returns.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StoreError> {
        self.conn.rows(sql, args).await
    }

    /// The first row a statement returns.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        self.conn.row(sql, args).await
    }

    /// Whether the database is PostgreSQL, for the rare statement that has to differ.
    pub fn is_postgres(&self) -> bool {
        self.conn.is_postgres()
    }

    /// Statements without parameters and rows; of SQLite only.
    pub(super) fn statements(&mut self, all: &[&'static str]) -> Result<(), StoreError> {
        if let Conn::Sqlite(conn) = &mut self.conn {
            for sql in all {
                conn.execute(sql, &[])?;
            }
        }
        Ok(())
    }

    /// How many rows the connection has changed since it was opened; of SQLite only.
    pub(super) fn changes(&self) -> u64 {
        match &self.conn {
            Conn::Sqlite(conn) => conn.changes(),
            _ => 0,
        }
    }

    /// Whether a write of a dial or a disposition is among what is to be committed; none is from now on.
    #[cfg(feature = "kill-points")]
    pub(super) fn take_mark(&mut self) -> bool {
        std::mem::take(&mut self.is_marked)
    }

    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }

    /// The newest event that was written and is not announced yet.
    pub(super) fn head(&self) -> Option<i64> {
        self.head
    }

    pub(super) fn set_head(&mut self, head: Option<i64>) {
        self.head = head;
    }

    /// Tells of the newest event that was written, once it is committed.
    pub(super) fn announce(&mut self, head: &watch::Sender<i64>) {
        announce(self.head.take(), head);
    }
}

/// Tells of a newer event; an older one is not news.
pub(super) fn announce(newest: Option<i64>, head: &watch::Sender<i64>) {
    if let Some(newest) = newest {
        head.send_if_modified(|known| {
            let news = newest > *known;
            *known = newest.max(*known);
            news
        });
    }
}
