//! Files that are there whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::private_file;

/// What the name of a part ends with, behind as many letters and digits as make it one that no other has.
const ENDING: &str = ".ozonetel.part";
const RANDOM: usize = 6;

/// A file that takes its name once it is whole. Until then it has one that no other export has, and is locked; without it,
/// it is removed. One that a killed program has left is removed by the next that writes to the same name.
pub(crate) struct PartFile {
    part: NamedTempFile,
    path: PathBuf,
}

/// Whether a path may be that of a file: what is there is one, or nothing is. Something else would be replaced by a file,
/// and be gone for all other programs.
///
/// # Errors
/// It is a directory, a device, a pipe, or in a folder of the system's own.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    // `/dev/stdout` may lead to a file, and is none.
    let of_the_system = |folder: PathBuf| {
        folder == Path::new("/dev") || folder.starts_with("/proc") || folder.starts_with("/sys")
    };
    if fs::metadata(path).is_ok_and(|there| !there.is_file())
        || fs::canonicalize(folder(path)).is_ok_and(of_the_system)
    {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not an ordinary file"));
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

impl PartFile {
    /// Creates it beside the file of this path.
    ///
    /// # Errors
    /// As [`check`], and what the system says.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        check(path)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        remove_left(folder(path), &name);
        loop {
            let part = tempfile::Builder::new()
                .prefix(&name)
                .suffix(ENDING)
                .rand_bytes(RANDOM)
                .tempfile_in(folder(path))?;
            // Where files cannot be locked, no one removes one either.
            let is_locked = part.as_file().lock().is_ok();
            // Another program may have taken it for one that was left, before it was locked.
            if !is_locked || part.path().exists() {
                return Ok(Self { part, path: path.to_owned() });
            }
        }
    }

    /// What is written to.
    pub(crate) fn file(&self) -> &File {
        self.part.as_file()
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
        let part = Self::create(path)?;
        part.file().write_all(content)?;
        part.finish()
    }

    /// It is whole.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.file().sync_all()?;
        self.part.persist(self.path).map(drop).map_err(|failed| failed.error)
    }
}

/// Removes the parts of this name that no one writes any more: there are numbers in them.
fn remove_left(folder: &Path, name: &OsStr) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_part(&entry.file_name(), name)
            && entry.file_type().is_ok_and(|is| is.is_file())
            && let Ok(file) = private_file::options().write(true).open(&path)
            && file.try_lock().is_ok()
        {
            // If it cannot be removed, the next one tries again.
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether a file is a part of one of this name.
fn is_part(file: &OsStr, name: &OsStr) -> bool {
    let random = file.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
    let random = random.and_then(|rest| rest.strip_suffix(ENDING.as_bytes()));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_and_a_write_that_fails_leaves_what_was_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (folder.path().join("victim"), folder.path().join("page.html"));
        std::fs::write(&victim, "whole").unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        PartFile::write(&path, b"first").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "whole");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // One that is never whole.
        let part = PartFile::create(&path).unwrap();
        part.file().write_all(b"sec").unwrap();
        drop(part);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first");
        assert!(PartFile::write(&folder.path().join("no/page.html"), b"x").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let devices = ["/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].map(Path::new);
        for path in devices.into_iter().chain([link.as_path(), folder.path()]) {
            for refused in [PartFile::create(path).map(drop), check(path)] {
                let error = refused.unwrap_err();
                assert_eq!(error.to_string(), "it is not an ordinary file", "{}", path.display());
            }
        }
        assert!(
            check(&folder.path().join("calls.xlsx")).is_ok() && check(Path::new("a.csv")).is_ok()
        );
    }

    #[test]
    fn what_a_killed_program_has_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        let others =
            ["calls.csv.ozonetel.part", "other.csv.aaaaaa.ozonetel.part", "calls.csv.backup"];
        for name in others {
            fs::write(folder.path().join(name), "mine").unwrap();
        }
        let left = PartFile::create(&path).unwrap();
        // Its owner is killed: it is not removed, and no longer locked.
        let (file, left) = left.part.keep().unwrap();
        drop(file);
        let first = PartFile::create(&path).unwrap();
        assert!(!left.exists() && first.part.path().exists());
        let second = PartFile::create(&path).unwrap();
        assert!(first.part.path().exists() && second.part.path().exists(), "both are written");
        for part in [first, second] {
            part.finish().unwrap();
        }
        let count = others.len() + 1;
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), count);
    }
}
