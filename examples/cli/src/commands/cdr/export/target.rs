//! Where an export goes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::private_file;

/// Standard output, or a file that takes its name once it is whole.
pub(super) enum Target {
    Standard(BufWriter<io::Stdout>),
    File { writer: BufWriter<File>, part: PathBuf, path: PathBuf },
}

impl Target {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Standard(BufWriter::new(io::stdout()))) };
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = private_file::options();
        options.write(true).create(true).truncate(true);
        let file = options.open(&part).map_err(|error| {
            Failure::usage(format!("{} cannot be written: {error}", part.display()))
        })?;
        Ok(Self::File {
            writer: BufWriter::with_capacity(1 << 16, file),
            part,
            path: path.to_owned(),
        })
    }

    pub(super) fn finish(self) -> io::Result<()> {
        match self {
            Self::Standard(mut writer) => writer.flush(),
            Self::File { writer, part, path } => {
                writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                std::fs::rename(part, path)
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(writer) => writer.write(bytes),
            Self::File { writer, .. } => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(writer) => writer.flush(),
            Self::File { writer, .. } => writer.flush(),
        }
    }
}
