//! Where an export goes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::part_file::PartFile;

/// Standard output, or a file that takes its name once it is whole. Its writers have buffers of their own.
pub(super) enum Target {
    Standard(io::Stdout),
    File(PartFile),
}

/// The file of this path with something more at the end of its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Target {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Standard(io::stdout())) };
        PartFile::create(path).map(Self::File).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        })
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Standard(mut stdout) => stdout.flush(),
            Self::File(part) => part.finish(),
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(stdout) => stdout.write(bytes),
            Self::File(part) => part.file().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(stdout) => stdout.flush(),
            Self::File(part) => part.file().flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_exports_to_one_file_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        let open = || Target::open(Some(&path)).unwrap();
        let (mut first, mut second, mut third) = (open(), open(), open());
        first.write_all(b"first, and longer\n").unwrap();
        second.write_all(b"second\n").unwrap();
        third.write_all(b"thi").unwrap();
        for (target, text) in [(first, "first, and longer\n"), (second, "second\n")] {
            target.finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        drop(third);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        Target::open(Some(&path)).unwrap().finish().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
