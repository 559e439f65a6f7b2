//! Statements on one connection, what they have done, and the events that are to be written with them.

use futures_util::future::BoxFuture;
use sqlx::SqlSafeStr;
use tokio::sync::watch;

use super::conn::{Arg, Conn, Row, args};
use super::error::StoreError;
use super::event::NewEvent;

/// Work on a [`Tx`].
pub type TxFuture<'t, T> = BoxFuture<'t, Result<T, StoreError>>;

/// Statements on one connection, within a transaction where there is one.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
    reports: Vec<(i64, NewEvent)>,
    footprint: Footprint,
    #[cfg(feature = "kill-points")]
    is_marked: bool,
}

/// What statements have done since it was last asked.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Footprint {
    /// Something may have been changed.
    pub changed: bool,
    /// The database refused one.
    pub refused: bool,
}

impl Tx {
    pub(super) fn new(conn: Conn) -> Self {
        Self {
            conn,
            reports: Vec::new(),
            footprint: Footprint::default(),
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
        let rows = self.conn.execute(sql, args).await;
        self.footprint.refused |= rows.is_err();
        let rows = rows?;
        self.footprint.changed |= rows > 0;
        #[cfg(feature = "kill-points")]
        {
            self.is_marked |= is_counted && rows > 0;
        }
        Ok(rows)
    }

    /// Waits until no other transaction has this lock, the one that is named after a table, and has it until the end. A
    /// SQLite file has one writer anyway.
    ///
    /// PostgreSQL's own lock of a table would keep its vacuum away from one that is locked often, and each attempt of the
    /// vacuum would keep whoever locks it waiting for a second.
    ///
    /// # Errors
    /// The database refuses it.
    pub(super) async fn lock(&mut self, table: &'static str) -> Result<(), StoreError> {
        if self.is_postgres() {
            let lock = "SELECT pg_advisory_xact_lock($1::regclass::oid::int4, 0)";
            self.execute(lock, args![table]).await?;
        }
        Ok(())
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
        let sql = sql.into_sql_str();
        let changes = !only_reads(sql.as_str());
        let rows = self.conn.rows(sql, args).await;
        self.footprint.refused |= rows.is_err();
        self.footprint.changed |= changes;
        rows
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
        let sql = sql.into_sql_str();
        let changes = !only_reads(sql.as_str());
        let row = self.conn.row(sql, args).await;
        self.footprint.refused |= row.is_err();
        self.footprint.changed |= changes;
        row
    }

    /// Whether the database is PostgreSQL, for the rare statement that has to differ.
    pub fn is_postgres(&self) -> bool {
        self.conn.is_postgres()
    }

    /// Whether the transaction that was begun is over: SQLite undoes one by itself when the disk fails or is full.
    pub(super) fn is_undone(&self) -> bool {
        self.conn.is_undone()
    }

    /// Begins, commits or undoes: a statement without parameters and rows, which is no change of its own.
    pub(super) async fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.conn.control(sql).await
    }

    /// What the statements have done since this was last asked.
    pub(super) fn take_footprint(&mut self) -> Footprint {
        std::mem::take(&mut self.footprint)
    }

    /// Whether a write of a dial or a disposition is among what is to be committed; none is from now on.
    #[cfg(feature = "kill-points")]
    pub(super) fn take_mark(&mut self) -> bool {
        std::mem::take(&mut self.is_marked)
    }

    pub(super) fn into_conn(self) -> Conn {
        self.conn
    }

    /// Events that report what was changed, with their times.
    pub(super) fn report(&mut self, events: impl IntoIterator<Item = (i64, NewEvent)>) {
        self.reports.extend(events);
    }

    /// How many events are to be written.
    pub(super) fn reports(&self) -> usize {
        self.reports.len()
    }

    /// Forgets the events after so many: what they report is undone.
    pub(super) fn forget_reports(&mut self, after: usize) {
        self.reports.truncate(after);
    }

    /// The events that are to be written; none are from now on.
    pub(super) fn take_reports(&mut self) -> Vec<(i64, NewEvent)> {
        std::mem::take(&mut self.reports)
    }
}

/// Whether a statement that returns rows changes none.
fn only_reads(sql: &str) -> bool {
    sql.trim_start().get(..6).is_some_and(|word| word.eq_ignore_ascii_case("select"))
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
