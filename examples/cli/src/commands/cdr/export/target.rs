//! Where an export goes.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::private_file;

/// Standard output, or a file that takes its name once it is whole. Its writers have buffers of their own.
pub(super) enum Target {
    Standard(io::Stdout),
    File { file: File, part: PathBuf, path: PathBuf },
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
        let part = beside(path, ".part");
        let mut options = private_file::options();
        options.write(true).create(true).truncate(true);
        let file = options.open(&part).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", part.display()))
        })?;
        Ok(Self::File { file, part, path: path.to_owned() })
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Standard(mut stdout) => stdout.flush(),
            Self::File { file, part, path } => {
                file.sync_all()?;
                std::fs::rename(part, path)
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(stdout) => stdout.write(bytes),
            Self::File { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(stdout) => stdout.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}
