//! The journal: a line per push, each with a digest over itself and the line before.
//!
//! A line that was changed, or one that is missing, breaks the chain and is named when the journal is read. Bodies are
//! kept without the account's key. A line that a crash cut off is dropped when the journal is opened again.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::private_file;

/// The longest line that is read.
const LONGEST: u64 = 4 << 20;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EntryKind {
    Callback,
    Event,
    ScreenPop,
    Kookoo,
    Ping,
    /// A body that could not be parsed, as it came but for the account's key.
    Unparsed,
    /// `listen` began.
    Begin,
    /// `listen` ended in good order.
    End,
    /// Nothing could be received, from the time of `body` on.
    Gap,
}

impl EntryKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Event => "event",
            Self::ScreenPop => "screen_pop",
            Self::Kookoo => "kookoo",
            Self::Ping => "ping",
            Self::Unparsed => "unparsed",
            Self::Begin => "begin",
            Self::End => "end",
            Self::Gap => "gap",
        }
    }

    /// Whether it is something that was received.
    pub(crate) fn is_push(self) -> bool {
        !matches!(self, Self::Begin | Self::End | Self::Gap)
    }
}

/// A line without its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) n: u64,
    pub(crate) at: Timestamp,
    pub(crate) kind: EntryKind,
    pub(crate) path: String,
    pub(crate) body: String,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    entry: Entry,
    digest: String,
}

/// The digest of a line: over the digest before and the line's own text.
fn digest(before: &str, entry: &Entry) -> io::Result<String> {
    let mut hash = Sha256::new();
    hash.update(before.as_bytes());
    hash.update(b"\n");
    hash.update(serde_json::to_vec(entry)?);
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// What is wrong in a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JournalFault {
    /// This line of the file is not what was written, or one before it is missing.
    Broken(u64),
    /// The last line was cut off, and dropped.
    Torn,
}

impl JournalFault {
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Broken(line) => {
                format!("line {line} of the journal was changed, or lines before it are missing")
            }
            Self::Torn => "the journal's last line was cut off and is dropped".to_owned(),
        }
    }
}

/// A journal as it is on disk.
#[derive(Debug, Default)]
pub(crate) struct JournalContent {
    pub(crate) entries: Vec<Entry>,
    pub(crate) faults: Vec<JournalFault>,
    last_digest: String,
    /// How many bytes are whole lines.
    whole: u64,
}

/// Reads a journal; `keep` says which entries are wanted.
pub(crate) fn read(
    from: impl io::Read,
    mut keep: impl FnMut(&Entry) -> bool,
) -> io::Result<JournalContent> {
    let mut content = JournalContent::default();
    let mut from = BufReader::new(from);
    let mut text = Vec::new();
    for number in 1_u64.. {
        text.clear();
        let read = (&mut from).take(LONGEST).read_until(b'\n', &mut text)?;
        if read == 0 {
            break;
        }
        if text.last() != Some(&b'\n') {
            content.faults.push(JournalFault::Torn);
            break;
        }
        content.whole += read as u64;
        let Ok(line) = serde_json::from_slice::<Line>(&text) else {
            content.faults.push(JournalFault::Broken(number));
            continue;
        };
        if digest(&content.last_digest, &line.entry)? != line.digest {
            content.faults.push(JournalFault::Broken(number));
        }
        content.last_digest = line.digest;
        if keep(&line.entry) {
            content.entries.push(line.entry);
        }
    }
    Ok(content)
}

/// A journal that is written.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    alive: PathBuf,
    next: u64,
    last_digest: String,
    /// How many bytes are whole lines.
    whole: u64,
    /// Behind them may be a part of a line that could not be written.
    is_torn: bool,
}

/// What a journal that is opened says about the time before.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// When something last listened, if ever.
    pub(crate) alive: Option<Timestamp>,
    pub(crate) faults: Vec<JournalFault>,
}

impl Journal {
    /// Opens a journal for one writer.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Before)> {
        let mut file = private_file::locked(path, "another `ozonetel listen` writes to it")?;
        let (mut last, mut next) = (None, 1);
        let content = read(&file, |entry| {
            last = Some(entry.at);
            next = entry.n.saturating_add(1);
            false
        })?;
        file.set_len(content.whole)?;
        file.seek(SeekFrom::End(0))?;
        let mut alive = path.as_os_str().to_owned();
        alive.push(".alive");
        let alive = PathBuf::from(alive);
        let seen = std::fs::read_to_string(&alive).ok().and_then(|text| text.trim().parse().ok());
        let JournalContent { faults, last_digest, whole, .. } = content;
        let before = Before { alive: last.max(seen), faults };
        Ok((Self { file, alive, next, last_digest, whole, is_torn: false }, before))
    }

    /// Adds a line; it is on disk when this returns.
    pub(crate) fn add(
        &mut self,
        at: Timestamp,
        kind: EntryKind,
        path: &str,
        body: &str,
    ) -> io::Result<Entry> {
        let entry = Entry { n: self.next, at, kind, path: path.to_owned(), body: body.to_owned() };
        let digest = digest(&self.last_digest, &entry)?;
        let line = Line { entry, digest };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.append(&text, |file, text| {
            file.write_all(text)?;
            file.sync_data()
        })?;
        self.next += 1;
        self.last_digest = line.digest;
        Ok(line.entry)
    }

    /// Writes a line, whole or not at all: one that follows half a line could never be read again.
    fn append(
        &mut self,
        text: &[u8],
        write: impl FnOnce(&mut File, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.is_torn {
            self.take_back()?;
        }
        if let Err(error) = write(&mut self.file, text) {
            self.is_torn = true;
            // Where this fails, the next line tries it again, and is refused until it is done.
            let _ = self.take_back();
            return Err(error);
        }
        self.whole += text.len() as u64;
        Ok(())
    }

    /// Cuts off what follows the whole lines.
    fn take_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.whole)?;
        self.file.seek(SeekFrom::Start(self.whole))?;
        self.is_torn = false;
        Ok(())
    }

    /// Notes that something listens now.
    pub(crate) fn alive(&self, at: Timestamp) -> io::Result<()> {
        std::fs::write(&self.alive, at.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_335_400 + second).unwrap()
    }

    fn written(count: u64) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let (mut journal, before) = Journal::open(&path).unwrap();
        assert_eq!(before.alive, None);
        for n in 0..count {
            let second = i64::try_from(n).unwrap();
            journal
                .add(at(second), EntryKind::Event, "/events", &format!("{{\"n\":{n}}}"))
                .unwrap();
        }
        (folder, path)
    }

    #[test]
    fn lines_are_chained_and_go_on_after_a_restart() {
        let (_folder, path) = written(3);
        let (mut journal, before) = Journal::open(&path).unwrap();
        assert_eq!((before.alive, before.faults.len()), (Some(at(2)), 0));
        journal.alive(at(60)).unwrap();
        let entry = journal.add(at(61), EntryKind::End, "", "").unwrap();
        assert_eq!(entry.n, 4);
        let content = read(File::open(&path).unwrap(), |_| true).unwrap();
        assert_eq!((content.entries.len(), content.faults.len()), (4, 0));
    }

    #[test]
    fn a_changed_or_missing_line_is_named() {
        let (_folder, path) = written(4);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let changed = text.replace("\\\"n\\\":1", "\\\"n\\\":7");
        assert_ne!(changed, text);
        let faults = |text: &str| read(text.as_bytes(), |_| false).unwrap().faults;
        assert_eq!(faults(&changed), [JournalFault::Broken(2)]);
        let without = format!("{}\n{}\n", lines[0], lines[2]);
        assert_eq!(faults(&without), [JournalFault::Broken(2)]);
        assert_eq!(faults("nonsense\n"), [JournalFault::Broken(1)]);
        assert_eq!(faults(&text), []);
    }

    #[test]
    fn a_line_that_was_cut_off_is_dropped_and_the_chain_goes_on() {
        let (_folder, path) = written(2);
        let mut text = std::fs::read(&path).unwrap();
        let whole = text.len();
        text.extend_from_slice(b"{\"n\":3,\"at");
        std::fs::write(&path, &text).unwrap();
        let (mut journal, before) = Journal::open(&path).unwrap();
        assert_eq!(before.faults, [JournalFault::Torn]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), whole as u64);
        journal.add(at(9), EntryKind::Ping, "/", "").unwrap();
        let content = read(File::open(&path).unwrap(), |_| true).unwrap();
        assert_eq!((content.faults.len(), content.entries[2].n), (0, 3));
    }

    #[test]
    fn a_line_that_a_full_disk_cut_off_is_taken_back_and_the_next_one_is_whole() {
        let (_folder, path) = written(2);
        let (mut journal, _) = Journal::open(&path).unwrap();
        let half = |mut file: &File, text: &[u8]| {
            file.write_all(&text[..text.len() / 2])?;
            Err(io::ErrorKind::StorageFull.into())
        };
        journal.append(b"{\"n\":3,\"at\":0}\n", |file, text| half(file, text)).unwrap_err();
        assert_eq!(journal.add(at(9), EntryKind::Ping, "/", "").unwrap().n, 3);
        // While it cannot be taken back, there are no further lines.
        let whole = std::mem::replace(&mut journal.file, File::open(&path).unwrap());
        journal.append(b"{\"n\":4}\n", |_, text| half(&whole, text)).unwrap_err();
        journal.add(at(10), EntryKind::Ping, "/", "").unwrap_err();
        journal.file = whole;
        assert_eq!(journal.add(at(11), EntryKind::Ping, "/", "").unwrap().n, 4);
        let content = read(File::open(&path).unwrap(), |_| true).unwrap();
        assert_eq!((content.faults.len(), content.entries.len()), (0, 4));
    }

    #[test]
    fn two_do_not_write_to_one_journal() {
        let (_folder, path) = written(1);
        let _held = Journal::open(&path).unwrap();
        assert!(Journal::open(&path).unwrap_err().to_string().contains("another"));
    }
}
