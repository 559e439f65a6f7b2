//! Two typed pools behind one face: statements with `$1`, and columns of the types that both databases have.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgRow};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite, Transaction};

use crate::address::StoreAddress;
use crate::error::StoreError;
use crate::file::create_private;
use crate::postgres::{self, PgLink};
use crate::sync_lock::SyncLock;

/// Connections that read.
const READERS: u32 = 4;

/// How long a connection, or SQLite's write lock, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long an answer of PostgreSQL is waited for: longer than it works at one.
const LIMIT: Duration = Duration::from_secs(70);

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

/// Asks PostgreSQL, and waits for the answer as long as the connection allows.
macro_rules! ask {
    ($link:expr, $conn:ident => $asked:expr) => {{
        let limit = $link.limit();
        let $conn = $link.conn()?;
        let answer = tokio::time::timeout(limit, $asked).await;
        $link.answer(answer)?
    }};
}

/// PostgreSQL holds no NUL in a text; the sign for it takes its place.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{2400}") } else { text }
}

/// A database.
pub(super) enum Db {
    Sqlite { writer: SqlitePool, reader: SqlitePool, path: PathBuf },
    Postgres(PgPool),
}

/// A transaction that may write; there is one at a time.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(PgLink),
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
                create_private(path).map_err(StoreError::File)?;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    // What is removed or replaced is overwritten: it would stay in free places of the file.
                    .pragma("secure_delete", "ON")
                    .busy_timeout(PATIENCE);
                let pool = |connections| {
                    let pool = SqlitePoolOptions::new().max_connections(connections);
                    pool.acquire_timeout(PATIENCE).connect_with(options.clone())
                };
                let (writer, reader) = (pool(1).await?, pool(READERS).await?);
                Ok(Self::Sqlite { writer, reader, path: path.clone() })
            }
            StoreAddress::Postgres(url) => {
                let options: PgConnectOptions = url.parse()?;
                let options = options.options(TIMEOUTS);
                let pool = postgres::pool(READERS + 1, PATIENCE).connect_with(options).await?;
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
                let mut link = PgLink::begun(pool, LIMIT, "BEGIN").await?;
                link.control(LOCK).await?;
                Ok(Tx::Postgres(link))
            }
        }
    }

    /// Takes the database for one sync.
    pub(super) async fn lock_sync(&self) -> Result<SyncLock, StoreError> {
        match self {
            Self::Sqlite { path, .. } => SyncLock::beside(path),
            Self::Postgres(pool) => SyncLock::of_database(pool).await,
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
                let mut link = PgLink::of(pool, LIMIT).await?;
                let rows = ask!(link, conn => bound!(Postgres, sql, values).fetch_all(conn));
                rows.into_iter().map(Record::Postgres).collect()
            }
        })
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
            Self::Postgres(link) => {
                _ = ask!(link, conn => bound!(Postgres, sql, values).execute(conn));
            }
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
            Self::Postgres(link) => {
                let rows = ask!(link, conn => bound!(Postgres, sql, values).fetch_all(conn));
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
            Self::Postgres(link) => link.control(postgres).await?,
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(link) => link.commit().await?,
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

    #[tokio::test]
    async fn a_file_keeps_nothing_that_was_removed() {
        let folder = tempfile::tempdir().unwrap();
        let address = StoreAddress::Sqlite(folder.path().join("calls.sqlite"));
        let db = Db::open(&address).await.unwrap();
        let select = "select secure_delete as on_delete from pragma_secure_delete";
        let mut tx = db.begin().await.unwrap();
        for rows in [db.rows(select, vec![]).await, tx.rows(select, vec![]).await] {
            assert_eq!(rows.unwrap()[0].int("on_delete").unwrap(), Some(1));
        }
    }

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
