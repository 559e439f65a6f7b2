//! A small JSON file that several processes change, one at a time, and that is whole at every moment.
//!
//! Beside the file lies a lock file, which is never replaced. A change is made under its lock: the new content goes
//! to a file of its own and to the disk, and then takes the place of the old one. A lock that someone else holds is
//! waited for on the runtime, without blocking a thread.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::clock::Clock;
use crate::core::pace::StoreError;

/// No state is larger.
const LARGEST: u64 = 1 << 20;

/// The first and the longest pause between two tries for a lock.
const FIRST_TRY: Duration = Duration::from_millis(1);
const LAST_TRY: Duration = Duration::from_millis(50);

/// What such a file holds.
pub(super) trait StateContent:
    Default + Serialize + DeserializeOwned + Send + 'static
{
    /// What a file counts as that cannot be parsed: nothing is left of any limit.
    fn used_up(now: SystemTime) -> Self;
}

/// A file, and the lock file beside it.
#[derive(Debug)]
pub(super) struct StateFile<V> {
    path: Arc<Path>,
    lock: Arc<Path>,
    clock: Arc<dyn Clock>,
    /// Tasks of this process wait for each other here, and one of them for the lock.
    queue: Arc<tokio::sync::Mutex<()>>,
    content: PhantomData<fn() -> V>,
}

impl<V> Clone for StateFile<V> {
    fn clone(&self) -> Self {
        Self {
            path: Arc::clone(&self.path),
            lock: Arc::clone(&self.lock),
            clock: Arc::clone(&self.clock),
            queue: Arc::clone(&self.queue),
            content: PhantomData,
        }
    }
}

/// One try to change a file.
enum Tried<T, F> {
    Done(T),
    /// Someone else holds the lock; the change is still to be made.
    Held(F),
}

impl<V: StateContent> StateFile<V> {
    /// A file in a directory that [`prepare`] has made.
    pub(super) fn new(directory: &Path, name: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            path: directory.join(format!("{name}.json")).into(),
            lock: directory.join(format!("{name}.lock")).into(),
            clock,
            queue: Arc::default(),
            content: PhantomData,
        }
    }

    /// Changes the content. Waits for the lock as long as the caller does.
    ///
    /// A future that is dropped has changed all or nothing.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        mut change: impl FnOnce(&mut V) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let _turn = self.queue.lock().await;
        let mut pause = FIRST_TRY;
        loop {
            let file = self.clone();
            match off_the_runtime(move || file.try_change(change)).await? {
                Tried::Done(done) => return Ok(done),
                Tried::Held(again) => change = again,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_TRY);
        }
    }

    fn try_change<T, F: FnOnce(&mut V) -> T>(&self, change: F) -> Result<Tried<T, F>, StoreError> {
        let Some(_lock) = try_lock(&self.lock)? else { return Ok(Tried::Held(change)) };
        let before = read(&self.path)?;
        let mut value = match &before {
            None => V::default(),
            Some(text) => serde_json::from_slice(text).unwrap_or_else(|_| self.lost()),
        };
        let done = change(&mut value);
        let text_of = |value: &V| {
            let text = serde_json::to_vec(value);
            text.map_err(|_| StoreError::new("written").at(&self.path))
        };
        let after = text_of(&value)?;
        let before = before.map_or_else(|| text_of(&V::default()), Ok)?;
        if before != after {
            replace(&self.path, &after)?;
        }
        Ok(Tried::Done(done))
    }

    fn lost(&self) -> V {
        tracing::warn!(
            file = %self.path.display(),
            "the shared state cannot be parsed: its limits count as used up"
        );
        V::used_up(self.clock.now())
    }
}

/// Runs what may take a moment where it holds up no one.
pub(super) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(StoreError::new("reached: the program is ending")))
}

/// Makes a directory that its owner alone can use, if need be, and checks it.
pub(super) fn prepare(directory: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|error| StoreError::new("kept").at(directory).because(&error))?;
    check_directory(directory)
}

/// The lock, unless someone else holds it. It is given back when the file is dropped, also by the end of the process.
pub(super) fn try_lock(path: &Path) -> Result<Option<File>, StoreError> {
    let cannot = |error: &io::Error| StoreError::new("locked").at(path).because(error);
    if let Some(directory) = path.parent() {
        check_directory(directory)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = open(&mut options, path).map_err(|error| not_followed(path, &error, cannot))?;
    let opened = file.metadata().map_err(|error| cannot(&error))?;
    check_file(path, &opened)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(cannot(&error)),
    }
    // Whoever removes a lock file takes it away from those who wait for it, not from those who open it anew.
    let current = fs::symlink_metadata(path).ok();
    Ok(current.is_some_and(|current| is_same(&opened, &current)).then_some(file))
}

/// The content; none if there is no file yet.
fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let cannot = |error: &io::Error| StoreError::new("read").at(path).because(error);
    let file = match open(OpenOptions::new().read(true), path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(not_followed(path, &error, cannot)),
    };
    check_file(path, &file.metadata().map_err(|error| cannot(&error))?)?;
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text).map_err(|error| cannot(&error))?;
    Ok(Some(text))
}

/// Writes a new file and puts it in the place of the old one, which is whole until then.
fn replace(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let cannot = |at: &Path, error: &io::Error| {
        let _ = fs::remove_file(&new);
        StoreError::new("written").at(at).because(error)
    };
    write_new(&new, text).map_err(|error| cannot(&new, &error))?;
    fs::rename(&new, path).map_err(|error| cannot(path, &error))?;
    #[cfg(unix)]
    if let Some(directory) = path.parent() {
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|error| StoreError::new("written").at(path).because(&error))?;
    }
    Ok(())
}

/// A file that was not there: what a killed program left is removed, and no link is followed.
fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = open(OpenOptions::new().write(true).create_new(true), path)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(unix)]
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    // Not blocking, so that a pipe in the place of the file holds up no one.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    options.mode(0o600).custom_flags(flags.cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.open(path)
}

/// An error of opening, which may have been a link.
fn not_followed(
    path: &Path,
    error: &io::Error,
    cannot: impl Fn(&io::Error) -> StoreError,
) -> StoreError {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_symlink());
    if is_link {
        StoreError::not_safe("is a symbolic link", "remove it, or use another state directory")
            .at(path)
    } else {
        cannot(error)
    }
}

fn check_file(path: &Path, file: &Metadata) -> Result<(), StoreError> {
    if !file.is_file() {
        let what = "is not a regular file";
        return Err(
            StoreError::not_safe(what, "remove it, or use another state directory").at(path)
        );
    }
    check_owner(path, file)
}

fn check_directory(path: &Path) -> Result<(), StoreError> {
    let found =
        fs::metadata(path).map_err(|error| StoreError::new("kept").at(path).because(&error))?;
    check_owner(path, &found)
}

/// Files of someone else, or files that someone else can write, may say that nothing is used up, or hold a token of
/// someone else.
#[cfg(unix)]
fn check_owner(path: &Path, found: &Metadata) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt as _;

    if found.uid() != rustix::process::geteuid().as_raw() {
        let what = "belongs to another user";
        return Err(StoreError::not_safe(what, "use a state directory of this user's own").at(path));
    }
    if found.mode() & 0o022 != 0 {
        let what = "can be written by others";
        let advice = if found.is_dir() {
            "use a directory of this user's own, or take the right away with `chmod go-w`"
        } else {
            "take the right away with `chmod go-w`"
        };
        return Err(StoreError::not_safe(what, advice).at(path));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &Metadata) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}
