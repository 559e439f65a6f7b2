//! Files with numbers in them: their owner's alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// How a file is opened that no one else may read, if it is made.
pub(crate) fn options() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Opens a file for one writer, with what is in it.
///
/// # Errors
/// `taken` while another one has it; otherwise what the system says.
pub(crate) fn locked(path: &Path, taken: &'static str) -> io::Result<File> {
    let file = options().read(true).write(true).create(true).truncate(false).open(path)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::other(taken),
        TryLockError::Error(error) => error,
    })?;
    Ok(file)
}
