//! One connection to a SQLite file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use foldhash::fast::FixedState;
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
pub(crate) struct SqliteConn {
    conn: Connection,
    shapes: RefCell<HashMap<Box<str>, Arc<Shape>, FixedState>>,
}

/// What a statement's text says of it, asked once.
#[derive(Debug)]
struct Shape {
    /// Of each parameter as SQLite counts them, by their first places in the text, the number that it is named by.
    params: Box<[usize]>,
    columns: Arc<[Box<str>]>,
}

impl Shape {
    /// Looks at a statement whose parameters are `$1`, `$2`, ….
    fn of(statement: &Statement<'_>) -> Self {
        let number = |at: usize| {
            let name = statement.parameter_name(at)?;
            name.strip_prefix('$')?.parse().ok()
        };
        let params = (1..=statement.parameter_count()).map(|at| number(at).unwrap_or(at)).collect();
        let columns = statement.column_names().into_iter().map(Box::from).collect();
        Self { params, columns }
    }
}

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
        // What is removed or replaced is overwritten: it would stay in free places of the file, and in copies of it.
        conn.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self { conn, shapes: RefCell::default() })
    }

    /// The same for the one that writes: it keeps more of the file at hand, and folds its log in less often, since most
    /// pages are written again and again.
    pub(crate) fn open_to_write(file: &Path) -> Result<Self, StoreError> {
        let conn = Self::open(file)?;
        conn.conn.pragma_update(None, "cache_size", -KEPT_KIB)?;
        // It answers with what it was set to.
        conn.conn.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
        Ok(conn)
    }

    /// Whether a transaction is open.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.conn.is_autocommit()
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, args: &[Arg]) -> Result<u64, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let shape = self.shape(sql, &statement);
        bind(&mut statement, &shape, args)?;
        Ok(statement.raw_execute()? as u64)
    }

    /// The rows that a statement returns, at most so many.
    pub(crate) fn rows(
        &self,
        sql: &str,
        args: &[Arg],
        most: usize,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let shape = self.shape(sql, &statement);
        bind(&mut statement, &shape, args)?;
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            let values =
                (0..shape.columns.len()).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            found.push(SqliteRow { columns: Arc::clone(&shape.columns), values });
        }
        Ok(found)
    }

    /// What is known of a statement. It stays so when it is prepared anew: a column that a table is given comes after its
    /// others.
    fn shape(&self, sql: &str, statement: &Statement<'_>) -> Arc<Shape> {
        let mut shapes = self.shapes.borrow_mut();
        if let Some(shape) = shapes.get(sql) {
            return Arc::clone(shape);
        }
        // Of some statements there are as many as there are filters.
        if shapes.len() >= STATEMENTS {
            shapes.clear();
        }
        let shape = Arc::new(Shape::of(statement));
        shapes.insert(sql.into(), Arc::clone(&shape));
        shape
    }
}

/// Gives each parameter its value by its number.
fn bind(statement: &mut Statement<'_>, shape: &Shape, args: &[Arg]) -> Result<(), StoreError> {
    for (at, number) in (1..).zip(&shape.params) {
        let arg = args.get(number.wrapping_sub(1));
        let arg = arg.ok_or(StoreError::Unavailable("a statement has no such parameter".into()))?;
        statement.raw_bind_parameter(at, arg)?;
    }
    Ok(())
}
