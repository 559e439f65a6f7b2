//! Copies of a SQLite store: taken beside a desk that runs on it, put back where nothing is.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::{NamedTempFile, PersistError};

use super::error::StoreError;
use super::lock::FileLock;
use super::meta::Owner;
use super::migrations::SCHEMA;

/// Why a copy was not made. Nothing is where it was to be, except after [`NotSettled`](Self::NotSettled).
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something already, and nothing is written over.
    #[error("{file} is there already, and is not written over", file = .0.display())]
    Exists(PathBuf),
    /// There is no such file.
    #[error("{file} is not there", file = .0.display())]
    NotThere(PathBuf),
    /// It is not a desk's store, or not whole.
    #[error("{file} is not a whole store of a desk: {1}", file = .0.display())]
    NotWhole(PathBuf, String),
    /// A newer desk has written it.
    #[error("{file} was written by a newer desk (step {1} of its tables); restore it with that one", file = .0.display())]
    Newer(PathBuf, i64),
    /// The file cannot be written.
    #[error("{file} cannot be written: {1}", file = .0.display())]
    File(PathBuf, io::ErrorKind),
    /// It is made, whole and under its name, which the disk may not have yet.
    #[error("{file} is made, but whether it is still there after a failure of power is not known: {1}", file = .0.display())]
    NotSettled(PathBuf, io::ErrorKind),
    /// Whoever wanted it has abandoned it.
    #[error("stopped; nothing was made")]
    Stopped,
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What is in a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupContents {
    /// Tables, those of the call records included.
    pub tables: usize,
    /// Their rows.
    pub rows: u64,
}

impl fmt::Display for BackupContents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows in {} tables", self.rows, self.tables)
    }
}

/// Copies a store, as it is at one moment, into a new file that only its owner can read. A desk may run on it, and is
/// not held up.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use desk::store::backup::{self, CopyProgress};
/// use desk::store::{Db, Meta as _, Owner};
///
/// let folder = tempfile::tempdir()?;
/// let (store, copy) = (folder.path().join("desk.sqlite"), folder.path().join("copy.sqlite"));
/// let desk = Db::sqlite(&store).await?;
/// desk.take_for(&Owner::Simulator).await?;
/// let taken = backup::back_up(&store, &copy, &CopyProgress::default())?;
/// let (new, progress) = (folder.path().join("new.sqlite"), CopyProgress::default());
/// assert_eq!(backup::restore(&copy, &new, &Owner::Simulator, &progress)?, taken);
/// assert!(!progress.abandon(), "it is made");
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`BackupError`]; the file is then not there, unless it is [`BackupError::NotSettled`].
pub fn back_up(
    store: &Path,
    to: &Path,
    progress: &CopyProgress,
) -> Result<BackupContents, BackupError> {
    if to.try_exists().unwrap_or(true) {
        return Err(BackupError::Exists(to.to_owned()));
    }
    copy(&opened(store)?, store, to, progress)
}

/// Puts a copy where a store is to be, for a desk of the same owner that does not run yet.
///
/// # Errors
/// [`BackupError`]: something is there, the copy is not whole, is another's or a newer desk's. Nothing has changed then, unless it is
/// [`BackupError::NotSettled`].
pub fn restore(
    from: &Path,
    store: &Path,
    owner: &Owner,
    progress: &CopyProgress,
) -> Result<BackupContents, BackupError> {
    let source = opened(from)?;
    let found: Option<String> = source
        .query_row("SELECT value FROM desk_meta WHERE name = 'owner'", [], |row| row.get(0))
        .map_err(|_| BackupError::NotWhole(from.to_owned(), "no one has taken it".to_owned()))?;
    let (found, wanted) = (found.unwrap_or_default(), owner.to_string());
    if found != wanted {
        return Err(StoreError::Foreign { found, wanted }.into());
    }
    let mut steps = source.prepare("SELECT version FROM _sqlx_migrations ORDER BY version")?;
    let steps = steps.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let version = "SELECT max(number) FROM desk_meta WHERE name = 'schema'";
    let version: Option<i64> = source.query_row(version, [], |row| row.get(0))?;
    // What a start takes is taken here: a store that the next version has extended, too.
    SCHEMA.admit(version, &steps).map_err(|error| match SCHEMA.unknown(&steps) {
        Some(newer) => BackupError::Newer(from.to_owned(), newer),
        None => error.into(),
    })?;
    let _lock = FileLock::take(store)?;
    for end in ["", "-wal", "-shm"] {
        let mut path = store.as_os_str().to_owned();
        path.push(end);
        let path = PathBuf::from(path);
        match path.metadata() {
            // What a start that failed left behind.
            Ok(found) if found.len() == 0 => {
                let removed = std::fs::remove_file(&path);
                removed.map_err(|error| BackupError::File(path, error.kind()))?;
            }
            Ok(_) => return Err(BackupError::Exists(path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::File(path, error.kind())),
        }
    }
    copy(&source, from, store, progress)
}

/// A desk's store that is there.
fn opened(file: &Path) -> Result<Connection, BackupError> {
    if !file.is_file() {
        return Err(BackupError::NotThere(file.to_owned()));
    }
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.busy_timeout(super::conn::PATIENCE)?;
    let tables =
        "SELECT count(*) FROM sqlite_master WHERE name IN ('desk_meta', '_sqlx_migrations')";
    let not_whole = |text: &str| BackupError::NotWhole(file.to_owned(), text.to_owned());
    let found: Result<i64, _> = conn.query_row(tables, [], |row| row.get(0));
    if found.map_err(|_| not_whole("it cannot be read as a database"))? != 2 {
        return Err(not_whole("its tables are missing"));
    }
    Ok(conn)
}

/// How the name of a copy begins that is not whole yet.
const UNFINISHED: &str = ".desk-copy-";

/// How often a copy is begun under another name.
const TRIES: usize = 5;

/// How far a copy has come, for whoever may abandon it.
#[derive(Debug, Default)]
pub struct CopyProgress(Mutex<CopyState>);

#[derive(Debug, Default)]
enum CopyState {
    #[default]
    NotBegun,
    /// The file in which it is being made.
    Unfinished(PathBuf),
    /// It has its name.
    Made,
    Abandoned,
}

impl CopyProgress {
    /// Abandons the copy and takes away what there is of it. Whether it was: a copy that has its name stays.
    pub fn abandon(&self) -> bool {
        let mut state = self.state();
        match &*state {
            CopyState::Made => return false,
            CopyState::Unfinished(file) => remove_unfinished(file),
            CopyState::NotBegun | CopyState::Abandoned => {}
        }
        *state = CopyState::Abandoned;
        true
    }

    fn state(&self) -> MutexGuard<'_, CopyState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is made in this file.
    fn begin(&self, file: &Path) -> Result<(), BackupError> {
        let mut state = self.state();
        if matches!(*state, CopyState::Abandoned) {
            return Err(BackupError::Stopped);
        }
        *state = CopyState::Unfinished(file.to_owned());
        Ok(())
    }

    /// Gives it its name.
    fn finish(&self, file: NamedTempFile, to: &Path) -> Result<(), BackupError> {
        let mut state = self.state();
        if matches!(*state, CopyState::Abandoned) {
            return Err(BackupError::Stopped);
        }
        file.persist_noclobber(to).map_err(|PersistError { error, .. }| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
            kind => BackupError::File(to.to_owned(), kind),
        })?;
        *state = CopyState::Made;
        Ok(())
    }
}

fn remove_unfinished(file: &Path) {
    for end in ["", "-journal", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(kind = %error.kind(), "an unfinished copy of the store cannot be removed");
            }
            _ => {}
        }
    }
}

/// Takes away copies that processes which were killed have left: whoever still makes one has its lock.
fn remove_left(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_one = name.starts_with(UNFINISHED)
            && !["-journal", "-wal", "-shm"].iter().any(|end| name.ends_with(end));
        if is_one
            && let Ok(file) = File::options().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            remove_unfinished(&entry.path());
        }
    }
    Ok(())
}

/// A new file that only its owner can read, locked for as long as it is open.
fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..TRIES {
        let file = NamedTempFile::with_prefix_in(UNFINISHED, folder)?;
        // Who took the lock first takes it for one that was left.
        if file.as_file().try_lock().is_ok() && file.path().try_exists()? {
            return Ok(file);
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Copies all pages into a file beside `to`, which takes its name once it is whole and on disk.
fn copy(
    source: &Connection,
    from: &Path,
    to: &Path,
    progress: &CopyProgress,
) -> Result<BackupContents, BackupError> {
    let failed = |error: &io::Error| BackupError::File(to.to_owned(), error.kind());
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    remove_left(folder).map_err(|error| failed(&error))?;
    let file = begin(folder).map_err(|error| failed(&error))?;
    progress.begin(file.path())?;
    let mut target = Connection::open(file.path())?;
    {
        let copying = Backup::new(source, &mut target)?;
        // It waits for a process that is writing, as long as any statement does.
        if copying.step(-1)? != StepResult::Done {
            return Err(StoreError::Unavailable("another process is writing".into()).into());
        }
    }
    // One file, without a log of writes beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    let whole: String = target.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(BackupError::NotWhole(from.to_owned(), "its pages do not agree".to_owned()));
    }
    let contents = contents(&target)?;
    target.close().map_err(|(_, error)| error)?;
    file.as_file().sync_all().map_err(|error| failed(&error))?;
    progress.finish(file, to)?;
    settle(folder, to)?;
    Ok(contents)
}

/// Waits until the name of a copy is on disk.
fn settle(folder: &Path, to: &Path) -> Result<(), BackupError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| BackupError::NotSettled(to.to_owned(), error.kind()))
}

fn contents(conn: &Connection) -> Result<BackupContents, rusqlite::Error> {
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut names = conn.prepare(names)?;
    let names = names.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let mut rows = 0;
    for name in &names {
        let count = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
        let found: i64 = conn.query_row(&count, [], |row| row.get(0))?;
        rows += found.unsigned_abs();
    }
    Ok(BackupContents { tables: names.len(), rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_whose_folder_cannot_be_synced_is_not_told_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy.sqlite");
        assert!(settle(folder.path(), &file).is_ok());
        let error = settle(&folder.path().join("away"), &file).unwrap_err();
        assert!(matches!(&error, BackupError::NotSettled(to, _) if *to == file));
        assert!(error.to_string().contains("copy.sqlite is made"), "{error}");
    }
}
