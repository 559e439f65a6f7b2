//! A file that one desk serves from at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// How many links are followed; what goes round in circles cannot be opened anyway.
const MOST_LINKS: u32 = 40;

/// Holds a store's file for one process, until it is dropped or the process ends, however it ends. Commands that only
/// change users work beside it.
#[derive(Debug)]
pub struct FileLock(
    #[expect(dead_code, reason = "the lock lasts as long as the file is open")] File,
);

impl FileLock {
    /// Takes the lock of a store's file, kept in a file beside it; beside the file itself where the path is a link.
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
        let mut beside = resolved(file).into_os_string();
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

/// Where a file is, also one that is still to be made: the same for every path to it.
fn resolved(file: &Path) -> PathBuf {
    let mut file = file.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(real) = std::fs::canonicalize(&file) {
            return real;
        }
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        match (std::fs::read_link(&file), file.file_name()) {
            // A link to a file that is not there yet.
            (Ok(target), _) => file = folder.join(target),
            (Err(_), Some(name)) => return folder.join(name),
            (Err(_), None) => break,
        }
    }
    file
}

fn unavailable(file: &Path, error: &std::io::Error) -> StoreError {
    let text = format!("{} cannot be locked: {}", file.display(), error.kind());
    StoreError::Unavailable(text.into())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_one_file_by_whichever_path() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("kept");
        std::fs::create_dir(&real).unwrap();
        let (file, link) = (real.join("desk.sqlite"), folder.path().join("link.sqlite"));
        symlink("kept/desk.sqlite", &link).unwrap();
        symlink(&real, folder.path().join("folder")).unwrap();
        let paths =
            [&file, &link, &folder.path().join("folder/desk.sqlite"), &real.join("../link.sqlite")];
        // As long as it is not there, and once it is.
        for is_there in [false, true] {
            if is_there {
                File::create(&file).unwrap();
            }
            for one in paths {
                let lock = FileLock::take(one).unwrap();
                for other in paths {
                    let refused = FileLock::take(other).unwrap_err();
                    assert!(matches!(refused, StoreError::InUse(_)), "{one:?} {other:?}");
                }
                drop(lock);
            }
        }
        let circle = folder.path().join("circle");
        symlink("circle", &circle).unwrap();
        let _ = FileLock::take(&circle);
    }
}
