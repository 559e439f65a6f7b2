//! One connection of either database, and rows of either: one text of SQL and one body serve both.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, PgConnection, Postgres, Row as _, SqlSafeStr, Sqlite, SqliteConnection};
use sqlx::{Transaction, Type};

use super::error::StoreError;

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

/// A connection: the writer's own, one of a pool, or a transaction that is rolled back when it is dropped.
#[derive(Debug)]
pub(super) enum Conn {
    SqliteWriter(SqliteConnection),
    SqlitePool(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    PostgresPool(PoolConnection<Postgres>),
    PostgresTransaction(Transaction<'static, Postgres>),
}

/// What [`Conn`] is in the end.
enum Link<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// A statement with its parameters, on a connection of either kind.
macro_rules! with_statement {
    ($conn:expr, $sql:expr, $args:expr, |$query:ident, $link:ident| $run:expr) => {
        match $conn.link() {
            Link::Sqlite($link) => {
                let mut $query = sqlx::query::<Sqlite>($sql);
                for arg in $args {
                    $query = match arg {
                        Arg::Int(value) => $query.bind(value),
                        Arg::Text(value) => $query.bind(value),
                    };
                }
                $run
            }
            Link::Postgres($link) => {
                let mut $query = sqlx::query::<Postgres>($sql);
                for arg in $args {
                    $query = match arg {
                        Arg::Int(value) => $query.bind(value),
                        Arg::Text(value) => $query.bind(value),
                    };
                }
                $run
            }
        }
    };
}

impl Conn {
    fn link(&mut self) -> Link<'_> {
        match self {
            Self::SqliteWriter(conn) => Link::Sqlite(conn),
            Self::SqlitePool(conn) => Link::Sqlite(conn),
            Self::SqliteTransaction(conn) => Link::Sqlite(conn),
            Self::PostgresPool(conn) => Link::Postgres(conn),
            Self::PostgresTransaction(conn) => Link::Postgres(conn),
        }
    }

    /// Runs a statement; how many rows it changed.
    pub(super) async fn execute(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<u64, StoreError> {
        Ok(with_statement!(self, sql, args, |query, link| {
            query.execute(link).await?.rows_affected()
        }))
    }

    /// The rows a statement returns.
    pub(super) async fn rows(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Vec<Row>, StoreError> {
        Ok(with_statement!(self, sql, args, |query, link| {
            query.fetch_all(link).await?.into_iter().map(Row::from).collect()
        }))
    }

    /// The first row, if there is one.
    pub(super) async fn row(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Arg>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(with_statement!(self, sql, args, |query, link| {
            query.fetch_optional(link).await?.map(Row::from)
        }))
    }

    /// Whether the database is PostgreSQL, where its SQL has to differ.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::PostgresPool(_) | Self::PostgresTransaction(_))
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

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self::Sqlite(row)
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self::Postgres(row)
    }
}

impl Row {
    /// A column's value: `i64` or `String`, or an `Option` of one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the column is not there or of another type.
    pub fn get<T>(&self, column: &str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Sqlite>
            + Type<Sqlite>
            + for<'r> Decode<'r, Postgres>
            + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
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
