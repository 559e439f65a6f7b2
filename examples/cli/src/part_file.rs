//! Files that are there whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that takes its name once it is whole. Until then it has one that no other export has; without it, it is removed.
pub(crate) struct PartFile {
    part: NamedTempFile,
    path: PathBuf,
}

impl PartFile {
    /// Creates it beside the file of this path.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        let part = tempfile::Builder::new()
            .prefix(&name)
            .suffix(".part")
            .tempfile_in(directory.unwrap_or(Path::new(".")))?;
        Ok(Self { part, path: path.to_owned() })
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
}
