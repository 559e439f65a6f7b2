//! Files with numbers in them: their owner's alone.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// How a file is opened that no one else may read, if it is made. A link in its place is not followed: it may lead
/// anywhere.
pub(crate) fn options() -> OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let not_followed = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        options.mode(0o600).custom_flags(not_followed);
    }
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn no_link_in_the_place_of_a_file_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (victim, link) = (directory.path().join("victim"), directory.path().join("link"));
        std::fs::write(&victim, "whole").unwrap();
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        let written = options().write(true).create(true).truncate(true).open(&link);
        assert!(written.is_err() && locked(&link, "taken").is_err());
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "whole");
        std::fs::remove_file(&link).unwrap();
        assert!(locked(&link, "taken").is_ok());
    }
}
