//! Two typed pools behind one face: statements with `$1`, and columns of the types that both databases have.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite, Transaction};

use crate::address::StoreAddress;
use crate::error::StoreError;

/// Connections that read.
const READERS: u32 = 4;

/// How long a connection, or SQLite's write lock, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What PostgreSQL waits for at most: for a statement, for a lock such as [`LOCK`], and for a client that stands still
/// in mid-transaction.
const TIMEOUTS: [(&str, &str); 3] = [
    ("statement_timeout", "60s"),
    ("lock_timeout", "30s"),
    ("idle_in_transaction_session_timeout", "10s"),
];

/// A value for a statement.
#[derive(Clone)]
pub(super) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Flag(Option<bool>),
}

impl Value {
    pub(super) fn int(number: i64) -> Self {
        Self::Int(Some(number))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Some(text.into()))
    }

    /// A count; beyond what the column holds it stays at its end.
    pub(super) fn count(number: u64) -> Self {
        Self::int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

/// A statement: text of this crate's own, and its values.
macro_rules! bound {
    ($db:ty, $sql:expr, $values:expr) => {{
        let mut query = sqlx::query::<$db>(AssertSqlSafe($sql));
        for value in $values {
            query = match value {
                Value::Int(number) => query.bind(number),
                Value::Text(text) => query.bind(text.map(storable)),
                Value::Flag(flag) => query.bind(flag.map(i16::from)),
            };
        }
        query
    }};
}

/// PostgreSQL holds no NUL in a text; the sign for it takes its place.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{2400}") } else { text }
}

/// A database.
pub(super) enum Db {
    Sqlite { writer: SqlitePool, reader: SqlitePool },
    Postgres(PgPool),
}

/// A transaction that may write; there is one at a time.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// A row of an answer.
pub(super) enum Record {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// The lock that writers of one PostgreSQL database wait for; any number that is ours.
const LOCK: &str = "select pg_advisory_xact_lock(7268370517)";

impl Db {
    pub(super) async fn open(address: &StoreAddress) -> Result<Self, StoreError> {
        match address {
            StoreAddress::Sqlite(path) => {
                create_private(path)?;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE);
                let pool = |connections| {
                    let pool = SqlitePoolOptions::new().max_connections(connections);
                    pool.acquire_timeout(PATIENCE).connect_with(options.clone())
                };
                Ok(Self::Sqlite { writer: pool(1).await?, reader: pool(READERS).await? })
            }
            StoreAddress::Postgres(url) => {
                let options: PgConnectOptions = url.parse()?;
                let options = options.options(TIMEOUTS);
                let pool = PgPoolOptions::new().max_connections(READERS + 1);
                let pool = pool.acquire_timeout(PATIENCE).connect_with(options).await?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    /// Begins to write. On SQLite at once with the write lock: a transaction that reads first and writes then fails
    /// when another one has written in between.
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?))
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::query(LOCK).execute(&mut *tx).await?;
                Ok(Tx::Postgres(tx))
            }
        }
    }

    /// Reads.
    pub(super) async fn rows(
        &self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite { reader, .. } => {
                let rows = bound!(Sqlite, sql, values).fetch_all(reader).await?;
                rows.into_iter().map(Record::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                let rows = bound!(Postgres, sql, values).fetch_all(pool).await?;
                rows.into_iter().map(Record::Postgres).collect()
            }
        })
    }
}

/// A file that only its owner can read: it holds numbers and recordings. One that is there stays as it is.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::File(error)),
    }
}

impl Tx {
    /// Changes something.
    pub(super) async fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<(), StoreError> {
        let sql = sql.into();
        match self {
            Self::Sqlite(tx) => _ = bound!(Sqlite, sql, values).execute(&mut **tx).await?,
            Self::Postgres(tx) => _ = bound!(Postgres, sql, values).execute(&mut **tx).await?,
        }
        Ok(())
    }

    /// Reads what the transaction sees.
    pub(super) async fn rows(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        values: Vec<Value>,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = sql.into();
        Ok(match self {
            Self::Sqlite(tx) => {
                let rows = bound!(Sqlite, sql, values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Record::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                let rows = bound!(Postgres, sql, values).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Record::Postgres).collect()
            }
        })
    }

    /// Runs several statements: a migration, in the database's own words.
    pub(super) async fn script(
        &mut self,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => _ = sqlx::raw_sql(sqlite).execute(&mut **tx).await?,
            Self::Postgres(tx) => _ = sqlx::raw_sql(postgres).execute(&mut **tx).await?,
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Record {
    pub(super) fn int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(super) fn text(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgresql_waits_for_nothing_for_ever() {
        let server = ozonetel_postgres::server().unwrap();
        let url = server.database("timeouts", async |_| Ok(())).await.unwrap();
        let db = Db::open(&url.parse().unwrap()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for (name, _) in TIMEOUTS {
            let sql = format!("select setting from pg_settings where name = '{name}'");
            for rows in [db.rows(sql.clone(), vec![]).await, tx.rows(sql.clone(), vec![]).await] {
                let limit = rows.unwrap()[0].text("setting").unwrap().unwrap();
                assert!(
                    (1..=60_000).contains(&limit.parse::<u32>().unwrap()),
                    "{name}: {limit} ms"
                );
            }
        }
    }
}
