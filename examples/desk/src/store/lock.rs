//! A file that one desk serves from at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use super::error::StoreError;

/// Holds a store's file for one process, until it is dropped or the process ends, however it ends. Commands that only
/// change users work beside it.
#[derive(Debug)]
pub struct FileLock(
    #[expect(dead_code, reason = "the lock lasts as long as the file is open")] File,
);

impl FileLock {
    /// Takes the lock of a store's file, kept in a file beside it.
    ///
    /// ```
    /// use desk::store::FileLock;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("desk.sqlite");
    /// let lock = FileLock::take(&file)?;
    /// assert!(FileLock::take(&file).is_err());
    /// drop(lock);
    /// assert!(FileLock::take(&file).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it; [`StoreError::NoFolder`]; the file beside it cannot be made.
    pub fn take(file: &Path) -> Result<Self, StoreError> {
        let mut beside = file.as_os_str().to_owned();
        beside.push(".lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&beside);
        let opened = opened.map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::NoFolder(file.display().to_string()),
            _ => unavailable(file, &error),
        })?;
        match opened.try_lock() {
            Ok(()) => Ok(Self(opened)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(file.display().to_string())),
            Err(TryLockError::Error(error)) => Err(unavailable(file, &error)),
        }
    }
}

fn unavailable(file: &Path, error: &std::io::Error) -> StoreError {
    let text = format!("{} cannot be locked: {}", file.display(), error.kind());
    StoreError::Unavailable(text.into())
}
