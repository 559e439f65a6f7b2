//! What became of the batches of an upload, on disk before and after each is sent.
//!
//! A batch that was begun and of which nothing more is known may have arrived: it is not sent again unless that is
//! asked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::private_file;

/// What is known of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(super) enum BatchState {
    /// It is about to be sent.
    Sending,
    /// It was not sent after all.
    NotSent,
    /// The service took it, but for these rows: places in the batch counted from 1, and the service's words.
    Taken { refused: Vec<(usize, String)> },
    /// The service did not take it.
    Refused,
    /// It may have arrived.
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    batch: usize,
    #[serde(flatten)]
    state: BatchState,
}

/// The batches of one upload.
#[derive(Debug)]
pub(super) struct Progress {
    file: File,
    states: BTreeMap<usize, BatchState>,
}

impl Progress {
    /// Opens the progress of an upload for one process.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(directory)?;
        }
        let mut file = private_file::locked(path, "another upload of this file is under way")?;
        let (mut states, mut whole) = (BTreeMap::new(), 0);
        let mut text = Vec::new();
        let mut reader = BufReader::new(&file);
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text)?;
            if text.last() != Some(&b'\n') {
                break;
            }
            let line: Line = serde_json::from_slice(&text).map_err(|error| {
                io::Error::other(format!("its file of progress cannot be read: {error}"))
            })?;
            whole += read as u64;
            states.insert(line.batch, line.state);
        }
        drop(reader);
        // A line that a crash cut off says nothing that the line before does not.
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        for state in states.values_mut() {
            if *state == BatchState::Sending {
                *state = BatchState::Unknown;
            }
        }
        Ok(Self { file, states })
    }

    /// What is known of a batch.
    pub(super) fn of(&self, batch: usize) -> Option<&BatchState> {
        self.states.get(&batch)
    }

    /// Notes it; it is on disk when this returns.
    pub(super) fn note(&mut self, batch: usize, state: BatchState) -> io::Result<()> {
        let line = Line { batch, state };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()?;
        self.states.insert(batch, line.state);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_that_was_begun_is_unknown_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("uploads/a.jsonl");
        let mut progress = Progress::open(&path).unwrap();
        let refused = vec![(2, "not allowed".to_owned())];
        progress.note(0, BatchState::Sending).unwrap();
        progress.note(0, BatchState::Taken { refused: refused.clone() }).unwrap();
        progress.note(1, BatchState::Sending).unwrap();
        progress.note(1, BatchState::NotSent).unwrap();
        progress.note(2, BatchState::Sending).unwrap();
        assert!(Progress::open(&path).is_err(), "one process at a time");
        drop(progress);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"batch\":3,\"sta");
        std::fs::write(&path, &text).unwrap();
        let progress = Progress::open(&path).unwrap();
        assert_eq!(progress.of(0), Some(&BatchState::Taken { refused }));
        assert_eq!(progress.of(1), Some(&BatchState::NotSent));
        assert_eq!(progress.of(2), Some(&BatchState::Unknown));
        assert_eq!(progress.of(3), None);
    }

    #[test]
    fn a_file_that_is_not_one_of_progress_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(Progress::open(&path).is_err());
    }
}
