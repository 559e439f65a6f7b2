//! One sync of a store at a time.

use std::fmt;
use std::fs::{File, TryLockError, canonicalize, metadata, set_permissions};
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use crate::error::StoreError;
use crate::file::create_private;

/// The lock of PostgreSQL that a sync has; any number that is ours, and not the one of writers.
const LOCK: i64 = 7_268_370_518;

/// How long the server may take for an answer.
const LIMIT: Duration = Duration::from_secs(10);

/// What PostgreSQL says of a lock that was waited for for too long.
const NOT_AVAILABLE: &str = "55P03";

/// A server that does not hear of this host any more gives the lock to another after half a minute.
const KEEPALIVES: &str =
    "set tcp_keepalives_idle = 15; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/// The right to sync a store: [`Store::lock_sync`](crate::Store::lock_sync). It ends when this is dropped, and with the
/// program, however that ends.
pub struct SyncLock {
    kind: LockKind,
}

enum LockKind {
    Memory {
        _guard: OwnedMutexGuard<()>,
    },
    /// Beside the database, which SQLite locks itself.
    Beside {
        _file: File,
    },
    Postgres {
        pool: PgPool,
        conn: Option<PgConnection>,
    },
}

impl fmt::Debug for SyncLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LockKind::Memory { .. } => "Memory",
            LockKind::Beside { .. } => "Sqlite",
            LockKind::Postgres { .. } => "Postgres",
        };
        f.debug_tuple("SyncLock").field(&kind).finish()
    }
}

impl SyncLock {
    pub(crate) fn in_memory(guard: OwnedMutexGuard<()>) -> Self {
        Self { kind: LockKind::Memory { _guard: guard } }
    }

    /// For a SQLite file, whatever path leads to it.
    pub(crate) fn beside(database: &Path) -> Result<Self, StoreError> {
        let mut path = canonicalize(database).map_err(StoreError::File)?.into_os_string();
        path.push(".sync");
        create_private(Path::new(&path)).map_err(StoreError::File)?;
        // Whoever may write the database may lock it. Another user's file is as its owner left it.
        if let Ok(database) = metadata(database) {
            let _ = set_permissions(&path, database.permissions());
        }
        let file = File::options().write(true).open(path).map_err(StoreError::File)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { kind: LockKind::Beside { _file: file } }),
            Err(TryLockError::WouldBlock) => Err(StoreError::SyncUnderWay),
            Err(TryLockError::Error(error)) => Err(StoreError::File(error)),
        }
    }

    /// For a PostgreSQL database, by a connection of its own.
    pub(crate) async fn of_database(pool: &PgPool) -> Result<Self, StoreError> {
        let conn = Some(taken(pool, LockPatience::None).await?);
        Ok(Self { kind: LockKind::Postgres { pool: pool.clone(), conn } })
    }

    /// Makes sure that it is held: before each step of a sync that lasts. PostgreSQL gives a lock back when the connection
    /// is lost; it is taken anew then. Whether it was held all along: if not, another sync may have had it meanwhile, and
    /// this one has to begin anew, from the checkpoint that is stored.
    ///
    /// # Errors
    /// [`StoreError::SyncUnderWay`] if another sync has taken it meanwhile, and for up to half a minute after a connection
    /// was lost without a word, as long as the server thinks that it is there; what the database says.
    ///
    /// # Cancel safety
    /// May be dropped at any time; the next one takes it anew.
    pub async fn hold(&mut self) -> Result<bool, StoreError> {
        let LockKind::Postgres { pool, conn } = &mut self.kind else { return Ok(true) };
        if let Some(mut held) = conn.take()
            && let Ok(Ok(())) = timeout(LIMIT, held.ping()).await
        {
            *conn = Some(held);
            return Ok(true);
        }
        *conn = Some(taken(pool, LockPatience::AMoment).await?);
        Ok(false)
    }
}

/// Whether a lock that another has is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LockPatience {
    None,
    /// Three seconds: a server sees soon that a connection was closed, and within [`KEEPALIVES`] that one was lost.
    AMoment,
}

/// A connection that has the lock.
async fn taken(pool: &PgPool, patience: LockPatience) -> Result<PgConnection, StoreError> {
    let mut conn = pool.acquire().await?.detach();
    let answer = timeout(LIMIT, async {
        sqlx::raw_sql(KEEPALIVES).execute(&mut conn).await?;
        if patience == LockPatience::None {
            let select = sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK);
            return select.fetch_one(&mut conn).await;
        }
        sqlx::raw_sql("set lock_timeout = '3s'").execute(&mut conn).await?;
        let select = sqlx::query("select pg_advisory_lock($1)").bind(LOCK);
        match select.execute(&mut conn).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(NOT_AVAILABLE) => {
                Ok(false)
            }
            done => done.map(|_| true),
        }
    });
    match answer.await {
        Ok(Ok(true)) => Ok(conn),
        Ok(Ok(false)) => Err(StoreError::SyncUnderWay),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
    }
}
