//! The two databases: a SQLite file with one writer and several readers, and PostgreSQL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use futures_util::FutureExt as _;
use ozonetel_store::postgres::{self, PgLink};
use sqlx::migrate::Migrate as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgPool};
use tokio::sync::watch;

use super::conn::{Conn, LIMIT, PATIENCE, SERVER_LIMIT, SqliteConn, args};
use super::error::StoreError;
use super::migrations::{SCHEMA, Schema, SqlEngine, failed};
use super::readers::Readers;
use super::tx::{Tx, TxFuture};
use super::writer::postgres::{begin, commit};
use super::writer::{Fails, Once, Pace, Repeatable, WriteWork, Writer, panicked};

/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;

/// How long a step of the tables may take on PostgreSQL, in the form that it reads, and all of them.
const STEP_LIMIT: &str = "10min";
const STEPS_LIMIT: Duration = Duration::from_mins(30);

/// How long PostgreSQL waits for a lock, in the form that it reads.
const LOCK_LIMIT: &str = "10s";

/// Prepared statements that one of these keeps: more than the desk has.
const STATEMENTS: usize = 500;

/// A store in a database. Cheap to clone; clones share.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    place: String,
    head: watch::Sender<i64>,
    pace: Pace,
}

#[derive(Clone)]
enum Engine {
    Sqlite { readers: Readers, writer: Writer },
    Postgres { pool: PgPool, writers: Writers },
}

/// On PostgreSQL each pace has a writer, so that what someone waits for is not behind what no one does.
#[derive(Clone)]
struct Writers {
    prompt: Writer,
    patient: Writer,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Db {
    /// Opens a SQLite file, which is made if it is not there, and brings its tables up to date. Only its owner can
    /// read a file that is made.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use desk::store::{Db, Events as _};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let store = Db::sqlite(&folder.path().join("desk.sqlite")).await?;
    /// assert_eq!(store.newest_event().await?, 0);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be made or opened, or its tables are of another version.
    pub async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        Self::sqlite_with(file, SCHEMA).await
    }

    pub(super) async fn sqlite_with(file: &Path, schema: Schema) -> Result<Self, StoreError> {
        make_private(file)?;
        let options =
            SqliteConnectOptions::new().filename(file).foreign_keys(true).busy_timeout(PATIENCE);
        let mut conn = options.connect().await?;
        let unknown = schema.bring(&mut conn, SqlEngine::Sqlite).await?;
        conn.close().await?;
        let head = watch::Sender::new(0);
        let writer = Writer::of_file(SqliteConn::open_to_write(file)?, head.clone())?;
        let readers = Readers::new(file);
        let place = std::path::absolute(file).unwrap_or_else(|_| PathBuf::from(file));
        Self {
            engine: Engine::Sqlite { readers, writer },
            place: place.display().to_string(),
            head,
            pace: Pace::Prompt,
        }
        .ready(schema, &unknown)
        .await
    }

    /// Connects to PostgreSQL by its address, `postgres://user:password@host/database`, and brings the tables up to
    /// date.
    ///
    /// # Errors
    /// The address cannot be parsed, the database cannot be reached, or its tables are of another version.
    pub async fn postgres(url: &str) -> Result<Self, StoreError> {
        Self::postgres_with(url, SCHEMA).await
    }

    pub(super) async fn postgres_with(url: &str, schema: Schema) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.statement_cache_capacity(STATEMENTS);
        let unknown = tokio::time::timeout(STEPS_LIMIT, bring(schema, options.clone())).await;
        let late = || StoreError::Unavailable("the database has not answered in time".into());
        let unknown = unknown.map_err(|_| late())??;
        let options = options.options([
            ("statement_timeout", SERVER_LIMIT),
            ("lock_timeout", LOCK_LIMIT),
            // A desk that stands still in mid-transaction keeps others waiting no longer.
            ("idle_in_transaction_session_timeout", "10s"),
        ]);
        let database = options.get_database().unwrap_or_default();
        let place = format!("postgres://{}/{database}", options.get_host());
        let pool = postgres::pool(CONNECTIONS, PATIENCE).connect_with(options.clone()).await?;
        let head = watch::Sender::new(0);
        let writer = || Writer::of_server(options.clone(), pool.clone(), head.clone());
        let writers = Writers { prompt: writer(), patient: writer() };
        let engine = Engine::Postgres { pool, writers };
        let store = Self { engine, place, head, pace: Pace::Prompt };
        store.ready(schema, &unknown).await
    }

    /// Looks at the version of the tables, and reads where the log of events ends.
    async fn ready(self, schema: Schema, unknown: &[i64]) -> Result<Self, StoreError> {
        let kept = self.schema_version().await?;
        schema.check(kept, unknown)?;
        if kept.is_none_or(|kept| kept < schema.version) {
            self.keep_schema_version(schema.version).await?;
        }
        if !unknown.is_empty() {
            tracing::warn!("a newer desk has extended the tables: this one is to be replaced");
        }
        self.head.send_replace(self.newest().await?);
        Ok(self)
    }

    /// The number of the newest event.
    pub(super) async fn newest(&self) -> Result<i64, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let row = tx.row("SELECT id FROM desk_event_head", args![]).await?;
                row.map_or(Ok(0), |row| row.get("id"))
            })
        })
        .await
    }

    /// Takes what a SQLite file's log of writes holds into the file and empties the log, where old pages would outlive
    /// what was removed; whether no one was in the way.
    pub(super) async fn empty_log(&self) -> Result<bool, StoreError> {
        if self.is_shared() {
            return Ok(true);
        }
        self.read(|tx| {
            Box::pin(async move {
                let row = tx.row("PRAGMA wal_checkpoint(TRUNCATE)", args![]).await?;
                Ok(!row.ok_or(StoreError::Corrupt("log of writes"))?.flag("busy")?)
            })
        })
        .await
    }

    /// The same store, whose writes wait for others or not.
    pub(super) fn at_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Where it is, to be shown: a path, or host and database.
    pub(super) fn place_of(&self) -> &str {
        &self.place
    }

    /// The number of the newest event that is committed here.
    pub(super) fn head_of(&self) -> watch::Receiver<i64> {
        self.head.subscribe()
    }

    /// How many transactions the writer has committed; `None` where there is no single writer.
    pub fn commits(&self) -> Option<u64> {
        match &self.engine {
            Engine::Sqlite { writer, .. } => Some(writer.commits()),
            Engine::Postgres { .. } => None,
        }
    }

    /// Whether several desks can share it, so that events come from elsewhere too.
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// Runs one statement that reads.
    ///
    /// # Errors
    /// What the work fails with; no connection was free in time.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { readers, .. } => readers.read(false, work).await,
            Engine::Postgres { pool, .. } => {
                let conn = PgLink::of(pool, LIMIT).await?;
                work(&mut Tx::new(Conn::Postgres(conn))).await
            }
        }
    }

    /// Runs several statements that read one state of the store.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn snapshot<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { readers, .. } => readers.read(true, work).await,
            Engine::Postgres { pool, .. } => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let conn = PgLink::begun(pool, LIMIT, begin).await?;
                work(&mut Tx::new(Conn::Postgres(conn))).await
            }
        }
    }

    /// Runs one statement that finds rows by their keys. It runs where it is called: on SQLite it may not be long.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn find_one<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { readers, .. } => readers.find(false, work).await,
            Engine::Postgres { .. } => self.read(work).await,
        }
    }

    /// Runs a few statements that find rows by their keys, in one state of the store. They run where they are called: on
    /// SQLite nothing else may be long.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn find<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { readers, .. } => readers.find(true, work).await,
            Engine::Postgres { .. } => self.snapshot(work).await,
        }
    }

    /// Runs work that changes something, as one transaction; it is committed when this returns. On PostgreSQL it has a
    /// transaction for itself.
    ///
    /// # Errors
    /// What the work fails with, and then nothing is kept; the database fails.
    ///
    /// # Cancel safety
    /// If it is dropped, the work continues.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { writer, .. } => {
                writer.write(Fails::Anywhere, Box::new(Once(work)), self.pace).await
            }
            Engine::Postgres { pool, .. } => {
                let (pool, head) = (pool.clone(), self.head.clone());
                let work = tokio::spawn(async move { in_transaction(&pool, &head, work).await });
                work.await.unwrap_or_else(|_| Err(StoreError::Unknown))
            }
        }
    }

    /// The same for what is written often and is short: it is committed with what else waits, on either database. It may
    /// run more than once, each time after what it did was undone. Work that checks everything before its first change
    /// ([`Fails::BeforeChanges`]) can do without what would undo it alone.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// If it is dropped, the work continues.
    pub(super) async fn write_often<T, F>(&self, fails: Fails, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Clone + Send + 'static,
    {
        let (writer, work): (_, Box<dyn WriteWork<T>>) = match &self.engine {
            Engine::Sqlite { writer, .. } => (writer, Box::new(Once(work))),
            Engine::Postgres { writers, .. } => {
                let writer = match self.pace {
                    Pace::Prompt => &writers.prompt,
                    Pace::Patient => &writers.patient,
                };
                (writer, Box::new(Repeatable(work)))
            }
        };
        writer.write(fails, work, self.pace).await
    }

    /// Closes all connections. What was begun is finished; other clones find it closed.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres { pool, writers } => {
                writers.prompt.close().await;
                writers.patient.close().await;
                pool.close().await;
            }
        }
    }
}

/// Brings the tables on PostgreSQL up to date, on a connection of its own: a step may take minutes, an index over many
/// rows for one, and the lock of another desk's steps as long. A lock of a table, behind which others wait, is given up
/// soon. The steps that this desk does not know.
async fn bring(schema: Schema, options: PgConnectOptions) -> Result<Vec<i64>, StoreError> {
    let options = options.options([("statement_timeout", STEP_LIMIT)]);
    // A pool waits for a server that is just starting.
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    let mut conn = pool.connect_with(options).await?.acquire().await?.detach();
    conn.lock().await.map_err(failed)?;
    let set = AssertSqlSafe(format!("SET lock_timeout = '{LOCK_LIMIT}'"));
    sqlx::raw_sql(set).execute(&mut conn).await?;
    let unknown = schema.bring(&mut conn, SqlEngine::Postgres).await?;
    // The lock goes with it.
    conn.close().await?;
    Ok(unknown)
}

/// One transaction on PostgreSQL. Whatever is not committed is rolled back, also after a panic.
async fn in_transaction<T, F>(
    pool: &PgPool,
    head: &watch::Sender<i64>,
    work: F,
) -> Result<T, StoreError>
where
    F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T>,
{
    let mut tx = begin(pool).await?;
    let done = std::panic::AssertUnwindSafe(async { work(&mut tx).await }).catch_unwind().await;
    let done = done.unwrap_or_else(|panic| Err(panicked(&*panic)))?;
    commit(tx, head).await?;
    Ok(done)
}

/// Makes the file, if it is not there, such that only its owner can read it.
fn make_private(file: &Path) -> Result<(), StoreError> {
    ozonetel_store::create_private(file).map_err(|error| {
        let text = format!("{} cannot be made: {}", file.display(), error.kind());
        StoreError::Unavailable(text.into())
    })
}

#[cfg(test)]
mod tests;
