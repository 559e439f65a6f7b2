//! One connection of either database, and rows of either: one text of SQL and one body serve both.

mod sqlite;

use std::time::Duration;

use rusqlite::types::FromSql;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{Decode, PgConnection, Postgres, Row as _, SqlSafeStr, Transaction, Type};

use super::error::StoreError;

pub(super) use sqlite::SqliteConn;
use sqlite::SqliteRow;

/// How long a connection, or a lock of the file, is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// A value of one of the two column types.
#[derive(Debug, Clone)]
pub enum Arg {
    /// `BIGINT`.
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
}

macro_rules! arg_from {
    ($($from:ty, $value:ident => $arg:expr;)*) => {$(
        impl From<$from> for Arg {
            fn from($value: $from) -> Self {
                $arg
            }
        }
    )*};
}

arg_from! {
    i64, value => Arg::Int(Some(value));
    Option<i64>, value => Arg::Int(value);
    u32, value => Arg::Int(Some(i64::from(value)));
    bool, value => Arg::Int(Some(i64::from(value)));
    &str, value => Arg::Text(Some(value.to_owned()));
    Option<&str>, value => Arg::Text(value.map(str::to_owned));
    &String, value => Arg::Text(Some(value.clone()));
    String, value => Arg::Text(Some(value));
    Option<String>, value => Arg::Text(value);
}

/// Parameters of a statement, in order: `args![id, name]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::Arg::from($value)),*]
    };
}
pub(crate) use args;

/// A connection: to a SQLite file, one of a pool, or a transaction that is rolled back when it is dropped.
#[derive(Debug)]
pub(super) enum Conn {
    Sqlite(SqliteConn),
    PostgresPool(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

/// A statement with its parameters for PostgreSQL.
macro_rules! query {
    ($sql:expr, $args:expr) => {{
        let mut query = sqlx::query::<Postgres>($sql);
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value.map(storable)),
            };
        }
        query
    }};
}

/// PostgreSQL holds no NUL in a text; the sign for it takes its place.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{2400}") } else { text }
}

impl Conn {
    /// What runs the statements of PostgreSQL; for SQLite the connection itself.
    fn link(&mut self) -> Result<&mut PgConnection, &mut SqliteConn> {
        match self {
            Self::Sqlite(conn) => Err(conn),
            Self::PostgresPool(conn) => Ok(conn),
            Self::PostgresTransaction(conn) => Ok(conn),
        }
    }

    /// Runs a statement; how many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        match self.link() {
            Ok(link) => Ok(query!(sql, args).execute(link).await?.rows_affected()),
            Err(sqlite) => sqlite.execute(sql.into_sql_str().as_str(), &args),
        }
    }

    /// The rows a statement returns.
    pub(super) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self.link() {
            Ok(link) => {
                query!(sql, args).fetch_all(link).await?.into_iter().map(Row::Postgres).collect()
            }
            Err(sqlite) => {
                let rows = sqlite.rows(sql.into_sql_str().as_str(), &args, usize::MAX)?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
        })
    }

    /// The first row, if there is one.
    pub(super) async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(match self.link() {
            Ok(link) => query!(sql, args).fetch_optional(link).await?.map(Row::Postgres),
            Err(sqlite) => {
                sqlite.rows(sql.into_sql_str().as_str(), &args, 1)?.pop().map(Row::Sqlite)
            }
        })
    }

    /// Runs a statement without parameters and rows.
    pub(super) async fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self.link() {
            Ok(link) => sqlx::raw_sql(sql).execute(link).await.map(drop).map_err(StoreError::from),
            Err(sqlite) => sqlite.execute(sql, &[]).map(drop),
        }
    }

    /// Whether SQLite is in no transaction any more.
    pub(super) fn is_undone(&self) -> bool {
        matches!(self, Self::Sqlite(conn) if !conn.is_in_transaction())
    }

    /// Whether the database is PostgreSQL, where its SQL has to differ.
    pub(super) fn is_postgres(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }
}

/// A row of either database.
#[derive(Debug)]
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// A column's value: `i64` or `String`, or an `Option` of one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the column is not there or of another type.
    pub fn get<T>(&self, column: &str) -> Result<T, StoreError>
    where
        T: FromSql + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A flag, kept as 0 or 1.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.get::<i64>(column)? != 0)
    }
}
