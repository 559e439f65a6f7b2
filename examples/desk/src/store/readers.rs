//! The connections that read a SQLite file.
//!
//! What runs on a connection runs on one thread from its first statement to its last: a thread that is changed for each
//! statement costs more than the statement.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::conn::{Conn, PATIENCE, SqliteConn};
use super::error::StoreError;
use super::tx::{Tx, TxFuture};

/// Connections that read at once.
const READERS: u32 = 4;

/// The connections that read. Cheap to clone; clones share.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    idle: Mutex<Vec<SqliteConn>>,
    room: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(file: &Path) -> Self {
        let room = Arc::new(Semaphore::new(READERS as usize));
        Self(Arc::new(Shared { file: file.to_owned(), idle: Mutex::default(), room }))
    }

    /// Runs work that reads, on a thread where it may wait for the disk; `is_snapshot` is whether its statements see
    /// one state of the file.
    pub(super) async fn read<T, F>(&self, is_snapshot: bool, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        let room = tokio::time::timeout(PATIENCE, Arc::clone(&self.0.room).acquire_owned()).await;
        let busy = || StoreError::Unavailable("no connection was free in time".into());
        let closed = || StoreError::Unavailable("it is closed".into());
        let room = room.map_err(|_| busy())?.map_err(|_| closed())?;
        let (shared, runtime) = (Arc::clone(&self.0), Handle::current());
        let reading = tokio::task::spawn_blocking(move || {
            let done = shared.run(is_snapshot, &runtime, work);
            drop(room);
            done
        });
        reading.await.unwrap_or_else(|failed| match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Unavailable("the desk is stopping".into())),
        })
    }

    /// Runs work that finds a few rows by their keys, without a change of thread where a connection is idle: that would
    /// cost more than the work; `is_snapshot` is as above.
    pub(super) async fn find<T, F>(&self, is_snapshot: bool, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T> + Send + 'static,
    {
        let room = Arc::clone(&self.0.room).try_acquire_owned();
        let idle = room.ok().and_then(|room| Some((self.0.idle()?, room)));
        let Some((conn, room)) = idle else { return self.read(is_snapshot, work).await };
        if is_snapshot {
            conn.execute("BEGIN", &[])?;
        }
        let mut tx = Tx::new(Conn::Sqlite(conn));
        let done = work(&mut tx).await;
        self.0.keep(tx, is_snapshot);
        drop(room);
        done
    }

    /// Closes all connections once they are idle; what is asked later fails.
    pub(super) async fn close(&self) {
        // It fails only if it is closed already.
        let all = self.0.room.acquire_many(READERS).await;
        self.0.room.close();
        drop(all);
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Shared {
    fn run<T, F>(&self, is_snapshot: bool, runtime: &Handle, work: F) -> Result<T, StoreError>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T>,
    {
        let conn = self.idle().map_or_else(|| SqliteConn::open(&self.file), Ok)?;
        if is_snapshot {
            conn.execute("BEGIN", &[])?;
        }
        let mut tx = Tx::new(Conn::Sqlite(conn));
        let done = runtime.block_on(work(&mut tx));
        self.keep(tx, is_snapshot);
        done
    }

    fn idle(&self) -> Option<SqliteConn> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection for the next one who reads. One that cannot go on is not kept: another is opened then.
    fn keep(&self, tx: Tx, is_snapshot: bool) {
        if let Conn::Sqlite(conn) = tx.into_conn()
            && (!is_snapshot || conn.execute("ROLLBACK", &[]).is_ok())
        {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}
