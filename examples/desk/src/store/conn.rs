//! One connection of either database, and rows of either: one text of SQL and one body serve both.

mod sqlite;

use std::time::Duration;

use ozonetel_store::postgres::PgLink;
use rusqlite::types::FromSql;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, SqlSafeStr, Type};

use super::error::StoreError;

pub(super) use sqlite::SqliteConn;
use sqlite::SqliteRow;

/// How long a connection, or a lock of the file, is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long a statement may take that PostgreSQL allows itself (`statement_timeout`), in the form that it reads.
pub(super) const SERVER_LIMIT: &str = "30s";

/// How long an answer of PostgreSQL is waited for: longer than it works at it, so that none is cut that may still come.
pub(super) const LIMIT: Duration = Duration::from_secs(40);

/// The same of a writer, behind whose work all others' waits: its statements are short, and wait for no lock.
pub(super) const WRITER_LIMIT: Duration = Duration::from_secs(15);

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

/// A connection: to a SQLite file, or to PostgreSQL.
#[derive(Debug)]
pub(super) enum Conn {
    Sqlite(SqliteConn),
    Postgres(PgLink),
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

/// Asks PostgreSQL, and waits for the answer as long as the connection allows.
macro_rules! ask {
    ($conn:expr, $link:ident => $asked:expr) => {{
        let limit = $conn.limit();
        let $link = $conn.conn()?;
        let answer = tokio::time::timeout(limit, $asked).await;
        $conn.answer(answer)?
    }};
}

/// PostgreSQL holds no NUL in a text; the sign for it takes its place.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{2400}") } else { text }
}

impl Conn {
    /// Runs a statement; how many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Postgres(conn) => {
                Ok(ask!(conn, link => query!(sql, args).execute(link)).rows_affected())
            }
            Self::Sqlite(conn) => conn.execute(sql.into_sql_str().as_str(), &args),
        }
    }

    /// The rows a statement returns.
    pub(super) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Postgres(conn) => {
                let rows = ask!(conn, link => query!(sql, args).fetch_all(link));
                rows.into_iter().map(Row::Postgres).collect()
            }
            Self::Sqlite(conn) => {
                let rows = conn.rows(sql.into_sql_str().as_str(), &args, usize::MAX)?;
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
        Ok(match self {
            Self::Postgres(conn) => {
                ask!(conn, link => query!(sql, args).fetch_optional(link)).map(Row::Postgres)
            }
            Self::Sqlite(conn) => {
                conn.rows(sql.into_sql_str().as_str(), &args, 1)?.pop().map(Row::Sqlite)
            }
        })
    }

    /// Runs a statement without parameters and rows.
    pub(super) async fn control(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Postgres(conn) => Ok(conn.control(sql).await?),
            Self::Sqlite(conn) => conn.execute(sql, &[]).map(drop),
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
