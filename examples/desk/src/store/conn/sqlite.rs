//! One connection to a SQLite file.

use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use super::{Arg, PATIENCE};
use crate::store::error::StoreError;

/// Prepared statements that a connection keeps: more than the desk has.
const STATEMENTS: usize = 500;

/// How much of the file the writer keeps in memory at most, in KiB.
const KEPT_KIB: i64 = 16 << 10;

/// How long the writer's log may become: 16 MiB, in pages.
const LOG_PAGES: i64 = 4_096;

/// One connection to the file.
#[derive(Debug)]
pub(crate) struct SqliteConn(Connection);

/// A row with its columns.
#[derive(Debug)]
pub struct SqliteRow {
    columns: Arc<[Box<str>]>,
    values: Vec<Value>,
}

impl SqliteRow {
    pub(crate) fn get<T: FromSql>(&self, column: &str) -> Result<T, StoreError> {
        let at = self.columns.iter().position(|name| **name == *column);
        let value = at.and_then(|at| self.values.get(at)).ok_or(StoreError::Corrupt("row"))?;
        T::column_result(ValueRef::from(value)).map_err(|_| StoreError::Corrupt("row"))
    }
}

impl ToSql for Arg {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Int(value) => value.to_sql(),
            Self::Text(value) => value.to_sql(),
        }
    }
}

impl SqliteConn {
    /// Opens a file that is there: durable, and with its keys checked.
    pub(crate) fn open(file: &Path) -> Result<Self, StoreError> {
        let conn = Connection::open(file)?;
        conn.busy_timeout(PATIENCE)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        // Or a statement with `LIMIT $1` is prepared anew for each value of it.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // What a piece of work would be undone by is needed only while it runs: in a file it took more writes than the work.
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self(conn))
    }

    /// The same for the one that writes: it keeps more of the file at hand, and folds its log in less often, since most
    /// pages are written again and again.
    pub(crate) fn open_to_write(file: &Path) -> Result<Self, StoreError> {
        let conn = Self::open(file)?;
        conn.0.pragma_update(None, "cache_size", -KEPT_KIB)?;
        // It answers with what it was set to.
        conn.0.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
        Ok(conn)
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, args: &[Arg]) -> Result<u64, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        Ok(statement.raw_execute()? as u64)
    }

    /// The rows that a statement returns, at most so many.
    pub(crate) fn rows(
        &self,
        sql: &str,
        args: &[Arg],
        most: usize,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        let mut columns = None;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            // The names are those of the first step: before it the statement may be prepared anew.
            let columns = columns.get_or_insert_with(|| {
                let names = row.as_ref().column_names().into_iter().map(Box::from);
                names.collect::<Arc<[Box<str>]>>()
            });
            let values = (0..columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            found.push(SqliteRow { columns: Arc::clone(columns), values });
        }
        Ok(found)
    }
}

/// Gives each parameter, `$1`, `$2`, …, its value by its number.
fn bind(statement: &mut Statement<'_>, args: &[Arg]) -> Result<(), StoreError> {
    for at in 1..=statement.parameter_count() {
        let number =
            statement.parameter_name(at).and_then(|name| name.strip_prefix('$')?.parse().ok());
        let arg = args.get(number.unwrap_or(at).wrapping_sub(1));
        let arg = arg.ok_or(StoreError::Unavailable("a statement has no such parameter".into()))?;
        statement.raw_bind_parameter(at, arg)?;
    }
    Ok(())
}
