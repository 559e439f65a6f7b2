//! What became of the rows that were sent to one campaign, on disk before and after each batch is sent.
//!
//! A row is known by its number and what else it says, and one that was changed by its number alone: a file that was
//! corrected, or has more rows than before, has no row sent a second time. A batch that was begun and of which nothing
//! more is known may have arrived: it is not sent again unless that is asked for.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use ozonetel_sdk::{RowOutcome, RowResult};
use serde::{Deserialize, Serialize};

use super::row_key::RowKey;
use crate::private_file;

/// The largest file of progress; the rows of the largest file of leads fit twice.
const LARGEST: u64 = 512 << 20;

/// What is known of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(super) enum BatchState {
    /// It is about to be sent.
    Sending,
    /// It was not sent after all.
    NotSent,
    /// The service took it, but for these rows: places in the batch counted from 1, and the service's words.
    Taken {
        refused: Vec<(usize, String)>,
        /// Those of which it is unknown whether it took them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unknown: Vec<(usize, String)>,
    },
    /// The service did not take it.
    Refused,
    /// It may have arrived.
    Unknown,
}

impl BatchState {
    /// A batch that the service took, but for these rows.
    pub(super) fn taken(but: Vec<RowResult>) -> Self {
        let (mut refused, mut unknown) = (Vec::new(), Vec::new());
        for RowResult { row, outcome, .. } in but {
            match outcome {
                RowOutcome::Taken => {}
                RowOutcome::Refused(says) => refused.push((row, says.as_str().to_owned())),
                RowOutcome::Unknown(Some(says)) => unknown.push((row, says.as_str().to_owned())),
                _ => unknown.push((row, String::new())),
            }
        }
        Self::Taken { refused, unknown }
    }
}

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowState<'p> {
    NotSent,
    /// In seconds since 1970, when it was sent.
    Taken {
        at: i64,
        earlier: bool,
    },
    /// With the service's words.
    Refused(&'p str),
    /// Its batch was not taken.
    NotTaken,
    Unknown,
    /// Its batch was taken, and the service's words for it are none that are known.
    Unclear(&'p str),
}

/// A line of the file. Files that are named after what an upload sent, of earlier versions, have neither rows nor time.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    batch: usize,
    #[serde(flatten)]
    state: BatchState,
    /// The rows of the batch, on its first line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<RowKey>,
    /// In seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
}

#[derive(Debug)]
struct Batch {
    state: BatchState,
    at: i64,
    /// Whether it was sent by an earlier run.
    earlier: bool,
    /// Whether it was unknown if it had arrived when it was begun.
    unknown: bool,
}

/// What the lines of a file say.
#[derive(Debug, Default)]
struct Lines {
    batches: BTreeMap<usize, Batch>,
    /// The last batch that a row was in, and its place there, counted from 1.
    rows: HashMap<RowKey, (usize, usize)>,
    /// The rows, in the order in which they were first in a batch.
    order: Vec<RowKey>,
    /// Rows of which it was unknown whether they had arrived when their last batch was begun.
    unknown: HashSet<RowKey>,
    /// How much of the file is whole lines.
    whole: u64,
}

impl Lines {
    fn of(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() > LARGEST {
            return Err(io::Error::other(
                "the file of progress is larger than 512 MiB: move it away, and all rows are new",
            ));
        }
        let mut lines = Self::default();
        let mut text = Vec::new();
        let mut reader = BufReader::new(file.take(LARGEST));
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text)?;
            // A line that a crash cut off says nothing that the line before does not.
            if text.last() != Some(&b'\n') {
                break;
            }
            let line: Line = serde_json::from_slice(&text).map_err(|error| {
                io::Error::other(format!("its file of progress cannot be read: {error}"))
            })?;
            lines.whole += read as u64;
            lines.add(line, true);
        }
        for batch in lines.batches.values_mut() {
            if batch.state == BatchState::Sending {
                batch.state = BatchState::Unknown;
            }
        }
        Ok(lines)
    }

    fn add(&mut self, line: Line, earlier: bool) {
        for (at, row) in line.rows.into_iter().enumerate() {
            let is_unknown = matches!(self.state(&row), RowState::Unknown | RowState::Unclear(_));
            if line.state == BatchState::Sending && is_unknown {
                self.unknown.insert(row);
            } else {
                self.unknown.remove(&row);
            }
            if self.rows.insert(row, (line.batch, at + 1)).is_none() {
                self.order.push(row);
            }
        }
        let before = self.batches.get(&line.batch);
        let at = line.at.or(before.map(|batch| batch.at)).unwrap_or_default();
        // Earlier versions began a batch under one number again.
        let unknown = before.is_some_and(|batch| match batch.state {
            BatchState::Unknown => true,
            BatchState::Sending => batch.unknown || line.state == BatchState::Sending,
            BatchState::NotSent | BatchState::Taken { .. } | BatchState::Refused => false,
        });
        let state = match line.state {
            BatchState::NotSent | BatchState::Refused if unknown => BatchState::Unknown,
            state => state,
        };
        self.batches.insert(line.batch, Batch { state, at, earlier, unknown });
    }

    fn state(&self, row: &RowKey) -> RowState<'_> {
        let Some((number, place)) = self.rows.get(row) else { return RowState::NotSent };
        let Some(batch) = self.batches.get(number) else { return RowState::NotSent };
        match &batch.state {
            // Whether it arrived before, a batch that was not taken does not say.
            BatchState::NotSent | BatchState::Refused if self.unknown.contains(row) => {
                RowState::Unknown
            }
            BatchState::NotSent => RowState::NotSent,
            BatchState::Refused => RowState::NotTaken,
            BatchState::Unknown | BatchState::Sending => RowState::Unknown,
            BatchState::Taken { refused, unknown } => {
                match (says_of(refused, *place), says_of(unknown, *place)) {
                    (_, Some("")) => RowState::Unknown,
                    (_, Some(says)) => RowState::Unclear(says),
                    (Some(says), None) => RowState::Refused(says),
                    (None, None) => RowState::Taken { at: batch.at, earlier: batch.earlier },
                }
            }
        }
    }
}

/// The service's words for the row at this place, if it is among these.
fn says_of(rows: &[(usize, String)], place: usize) -> Option<&str> {
    rows.iter().find(|(row, _)| *row == place).map(|(_, says)| says.as_str())
}

/// The rows of one campaign.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// None where nothing is to be written.
    file: Option<File>,
    lines: Lines,
    next: usize,
}

impl Progress {
    /// Opens the progress of a campaign for one process.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(directory)?;
        }
        let mut file = private_file::locked(path, "another upload to this campaign is under way")?;
        let lines = Lines::of(&file)?;
        file.set_len(lines.whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self::with(Some(file), lines))
    }

    /// What is known, to be looked at and not to be added to.
    pub(super) fn look(path: &Path) -> io::Result<Self> {
        match private_file::options().read(true).open(path) {
            Ok(file) => Ok(Self::with(None, Lines::of(&file)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::with(None, Lines::default()))
            }
            Err(error) => Err(error),
        }
    }

    fn with(file: Option<File>, lines: Lines) -> Self {
        let next = lines.batches.last_key_value().map_or(0, |(last, _)| last + 1);
        Self { file, lines, next }
    }

    /// By what the good rows of a file are known, of all its rows with their numbers: by their own keys, or by those of
    /// rows of their number that are no longer in the file, in the order in which those were first sent: a cell that was
    /// changed makes no new customer. The rows of a file of bad rows were not sent when it was written: they have their
    /// own keys alone.
    pub(super) fn known_as(
        &self,
        rows: &[(RowKey, &str)],
        good: &[usize],
        of_bad_rows: bool,
    ) -> Vec<RowKey> {
        let good = good.iter().filter_map(|place| rows.get(*place));
        if of_bad_rows {
            return good.map(|(own, _)| *own).collect();
        }
        let is_known = |row: &RowKey| self.lines.rows.contains_key(row);
        let here: HashSet<RowKey> = rows.iter().map(|(own, _)| *own).filter(is_known).collect();
        let mut left: HashMap<_, VecDeque<RowKey>> = HashMap::new();
        for row in self.lines.order.iter().filter(|row| !here.contains(row)) {
            left.entry(row.number()).or_default().push_back(*row);
        }
        let mut counts = HashMap::<_, u32>::new();
        let known_as = |(own, number): &(RowKey, &str)| {
            if here.contains(own) {
                return *own;
            }
            if let Some(row) = left.get_mut(&own.number()).and_then(VecDeque::pop_front) {
                return row;
            }
            let count = counts.entry(own.number()).or_default();
            let row = RowKey::of_an_earlier_version(number, *count);
            if !is_known(&row) {
                return *own;
            }
            *count += 1;
            row
        };
        good.map(known_as).collect()
    }

    /// Takes over what a file of an earlier version says, which is named after all that its upload sent: its batches are
    /// so many of these rows each. What is known already stays.
    pub(super) fn take_over(
        &mut self,
        path: &Path,
        rows: &[RowKey],
        most: usize,
    ) -> io::Result<()> {
        let file = match private_file::options().read(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let written = file.metadata()?.modified()?;
        let written = jiff::Timestamp::try_from(written).unwrap_or_default().as_second();
        let mut before = Lines::of(&file)?;
        let mut lines = Vec::new();
        for (at, batch) in rows.chunks(most).enumerate() {
            let Some(Batch { state, .. }) = before.batches.remove(&at) else { continue };
            let new = |(_, row): &(usize, &RowKey)| !self.lines.rows.contains_key(row);
            let rows: Vec<(usize, &RowKey)> = batch.iter().enumerate().filter(new).collect();
            let state = match state {
                BatchState::Taken { refused, unknown } => {
                    let place = |row: usize| rows.iter().position(|(at, _)| at + 1 == row);
                    let still = |named: Vec<(usize, String)>| {
                        let named = named.into_iter();
                        named.filter_map(|(row, says)| Some((place(row)? + 1, says))).collect()
                    };
                    BatchState::Taken { refused: still(refused), unknown: still(unknown) }
                }
                state => state,
            };
            let rows: Vec<RowKey> = rows.into_iter().map(|(_, row)| *row).collect();
            if !rows.is_empty() {
                lines.push(Line { batch: self.batch(), state, rows, at: Some(written) });
            }
        }
        self.write(lines, true)
    }

    /// A number for a batch.
    fn batch(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    /// Numbers for batches of these rows, of which nothing that was known counts any more.
    pub(super) fn begin_anew(&mut self, batches: &[Vec<RowKey>]) -> io::Result<()> {
        let lines = batches.iter().map(|rows| Line {
            batch: self.batch(),
            state: BatchState::NotSent,
            rows: rows.clone(),
            at: None,
        });
        let lines = lines.collect();
        self.write(lines, false)
    }

    /// What is known of a row. One that may have arrived stays unknown until the service takes or refuses it: that a
    /// later batch was not sent, or not taken, says nothing of it.
    pub(super) fn of(&self, row: &RowKey) -> RowState<'_> {
        self.lines.state(row)
    }

    /// Notes that a batch is about to be sent; its number. It is on disk when this returns.
    pub(super) fn begin(&mut self, rows: &[RowKey], at: i64) -> io::Result<usize> {
        let batch = self.batch();
        let (state, rows) = (BatchState::Sending, rows.to_vec());
        self.write(vec![Line { batch, state, rows, at: Some(at) }], false)?;
        Ok(batch)
    }

    /// Notes what became of a batch; it is on disk when this returns.
    pub(super) fn note(&mut self, batch: usize, state: BatchState) -> io::Result<()> {
        self.write(vec![Line { batch, state, rows: Vec::new(), at: None }], false)
    }

    fn write(&mut self, lines: Vec<Line>, earlier: bool) -> io::Result<()> {
        if let Some(file) = self.file.as_mut().filter(|_| !lines.is_empty()) {
            let mut text = Vec::new();
            for line in &lines {
                serde_json::to_writer(&mut text, line)?;
                text.push(b'\n');
            }
            file.write_all(&text)?;
            file.sync_data()?;
        }
        for line in lines {
            self.lines.add(line, earlier);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::row_key::SentRow;
    use super::*;

    fn keys(range: std::ops::Range<usize>) -> Vec<RowKey> {
        let numbers: Vec<String> = range.map(|n| format!("90000{n:05}")).collect();
        let row = |number| SentRow { number, cells: Vec::new() };
        RowKey::all(numbers.iter().map(|number| row(number)))
    }

    const TAKEN: RowState<'_> = RowState::Taken { at: 7, earlier: true };

    #[test]
    fn a_batch_that_was_begun_is_unknown_after_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("uploads/a.jsonl");
        let mut progress = Progress::open(&path).unwrap();
        let rows = keys(0..8);
        let refused = vec![(2, "not allowed".to_owned())];
        let batch = progress.begin(&rows[..2], 7).unwrap();
        progress.note(batch, BatchState::Taken { refused, unknown: Vec::new() }).unwrap();
        assert_eq!(progress.of(&rows[0]), RowState::Taken { at: 7, earlier: false });
        let batch = progress.begin(&rows[2..4], 8).unwrap();
        progress.note(batch, BatchState::NotSent).unwrap();
        progress.begin(&rows[4..6], 9).unwrap();
        assert!(Progress::open(&path).is_err(), "one process at a time");
        drop(progress);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"batch\":3,\"sta");
        std::fs::write(&path, &text).unwrap();
        let mut progress = Progress::open(&path).unwrap();
        assert_eq!(progress.of(&rows[0]), TAKEN);
        assert_eq!(progress.of(&rows[1]), RowState::Refused("not allowed"));
        assert_eq!(progress.of(&rows[2]), RowState::NotSent);
        assert_eq!(progress.of(&rows[4]), RowState::Unknown);
        assert_eq!(progress.of(&rows[6]), RowState::NotSent);
        // What was taken is none of it once it begins anew, also for the next process.
        progress.begin_anew(&[rows[..2].to_vec(), rows[4..5].to_vec()]).unwrap();
        drop(progress);
        let progress = Progress::look(&path).unwrap();
        for row in [0, 1, 4] {
            assert_eq!(progress.of(&rows[row]), RowState::NotSent);
        }
        assert_eq!(progress.of(&rows[5]), RowState::Unknown);
    }

    #[test]
    fn what_may_have_arrived_stays_unknown_until_the_service_takes_or_refuses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let rows = keys(0..3);
        let mut progress = Progress::open(&path).unwrap();
        let batch = progress.begin(&rows[..2], 7).unwrap();
        progress.note(batch, BatchState::Unknown).unwrap();
        for state in [BatchState::NotSent, BatchState::Refused, BatchState::NotSent] {
            let batch = progress.begin(&rows, 8).unwrap();
            progress.note(batch, state.clone()).unwrap();
            for reopened in [false, true] {
                if reopened {
                    drop(progress);
                    progress = Progress::open(&path).unwrap();
                }
                assert_eq!(progress.of(&rows[0]), RowState::Unknown, "{state:?}");
                assert_eq!(progress.of(&rows[1]), RowState::Unknown, "{state:?}");
                let other = progress.of(&rows[2]);
                assert!(matches!(other, RowState::NotSent | RowState::NotTaken), "{other:?}");
            }
        }
        let batch = progress.begin(&rows, 9).unwrap();
        let refused = vec![(2, "not allowed".to_owned())];
        progress.note(batch, BatchState::Taken { refused, unknown: Vec::new() }).unwrap();
        assert!(matches!(progress.of(&rows[0]), RowState::Taken { at: 9, .. }));
        assert_eq!(progress.of(&rows[1]), RowState::Refused("not allowed"));
        // It is over: what comes after is told by itself.
        let batch = progress.begin(&rows, 10).unwrap();
        progress.note(batch, BatchState::NotSent).unwrap();
        assert_eq!(progress.of(&rows[1]), RowState::NotSent);
        // All is sent anew, those too that may have arrived, and the rest goes on without a word.
        let batch = progress.begin(&rows, 11).unwrap();
        progress.note(batch, BatchState::Unknown).unwrap();
        progress.begin_anew(std::slice::from_ref(&rows)).unwrap();
        let batch = progress.begin(&rows, 12).unwrap();
        progress.note(batch, BatchState::NotSent).unwrap();
        drop(progress);
        assert_eq!(Progress::look(&path).unwrap().of(&rows[0]), RowState::NotSent);
    }

    #[test]
    fn a_row_whose_word_is_not_known_stays_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let rows = keys(0..4);
        let mut progress = Progress::open(&path).unwrap();
        let batch = progress.begin(&rows, 7).unwrap();
        let but = [
            (2, RowOutcome::Refused("Number Already Exist".into())),
            (3, RowOutcome::Unknown(Some("Accepted for processing".into()))),
            (4, RowOutcome::Unknown(None)),
        ];
        let but = but.map(|(row, outcome)| RowResult::new(row, outcome)).into();
        progress.note(batch, BatchState::taken(but)).unwrap();
        for reopened in [false, true] {
            if reopened {
                drop(progress);
                progress = Progress::open(&path).unwrap();
            }
            assert!(matches!(progress.of(&rows[0]), RowState::Taken { .. }));
            assert_eq!(progress.of(&rows[1]), RowState::Refused("Number Already Exist"));
            assert_eq!(progress.of(&rows[2]), RowState::Unclear("Accepted for processing"));
            assert_eq!(progress.of(&rows[3]), RowState::Unknown);
        }
        // That a later batch was not sent says nothing of it.
        let batch = progress.begin(&rows[2..], 8).unwrap();
        progress.note(batch, BatchState::NotSent).unwrap();
        assert_eq!([2, 3].map(|at| progress.of(&rows[at])), [RowState::Unknown; 2]);
    }

    #[test]
    fn a_row_that_was_changed_is_known_by_its_number() {
        let mut progress = Progress::default();
        let row = |number, name| SentRow { number, cells: vec![("Name", name)] };
        let known = |progress: &Progress, rows: &[SentRow<'_>], of_bad_rows| {
            let own = RowKey::all(rows.iter().cloned());
            let numbers = rows.iter().map(|row| row.number);
            let keyed: Vec<_> = own.iter().copied().zip(numbers).collect();
            let good: Vec<usize> = (0..rows.len()).collect();
            (progress.known_as(&keyed, &good, of_bad_rows), own)
        };
        let (one, two) = ("9000000001", "9000000002");
        let first = [row(one, "Ravi"), row(two, "Tara"), row(one, "Nila")];
        let (keys, own) = known(&progress, &first, false);
        assert_eq!(keys, own);
        let sent = keys.clone();
        progress.begin(&sent, 7).unwrap();
        // The others of its number keep their keys, wherever they are; one more is a lead of its own.
        let changed =
            [row("+91 90000 00001", "Asha"), row(one, "Nila"), row(one, "Mira"), row(two, "T")];
        let (keys, own) = known(&progress, &changed, false);
        assert_eq!(keys, [sent[0], sent[2], own[2], sent[1]]);
        // A later batch does not change which row is which.
        progress.begin(&sent[2..], 8).unwrap();
        progress.begin(&sent[..1], 9).unwrap();
        let (keys, own) = known(&progress, &[row(one, "A"), row(one, "B"), row(one, "C")], false);
        assert_eq!(keys, [sent[0], sent[2], own[2]]);
        // A row that was bad has the key of none that was sent, but its own when it was sent itself.
        let (keys, own) = known(&progress, &[row(one, "Asha"), row(one, "Ravi")], true);
        assert_eq!(keys, own);
        assert!(keys[0] != sent[0] && keys[1] == sent[0]);
        // One that was sent and is bad now is still the one that was sent.
        let rows = [row(one, "Ravi"), row(one, "Asha"), row(one, "Nila")];
        let own = RowKey::all(rows.iter().cloned());
        let keyed: Vec<_> = own.iter().map(|own| (*own, one)).collect();
        assert_eq!(progress.known_as(&keyed, &[1, 2], false), own[1..]);
    }

    #[test]
    fn rows_that_an_earlier_version_told_by_their_order_are_known() {
        let mut progress = Progress::default();
        let number = "9000000001";
        let row = SentRow { number, cells: Vec::new() };
        let earlier = [0, 1].map(|before| RowKey::of_an_earlier_version(number, before));
        progress.begin(&earlier, 7).unwrap();
        let own: Vec<RowKey> = [1, 2, 3, 4].map(|before| RowKey::of(&row, before)).into();
        let rows = own.iter().map(|own| (*own, number)).collect::<Vec<_>>();
        let known = progress.known_as(&rows, &[0, 1, 2, 3], false);
        assert_eq!(known, [earlier[0], earlier[1], own[2], own[3]]);
        assert_eq!(progress.known_as(&rows, &[0], true), own[..1]);
    }

    #[test]
    fn the_file_of_an_earlier_version_is_understood() {
        let folder = tempfile::tempdir().unwrap();
        let (old, path) = (folder.path().join("old.jsonl"), folder.path().join("new.jsonl"));
        let text = "{\"batch\":0,\"state\":\"sending\"}\n\
                    {\"batch\":0,\"state\":\"taken\",\"refused\":[[2,\"not allowed\"]]}\n\
                    {\"batch\":1,\"state\":\"sending\"}\n{\"batch\":2,\"state\":\"refused\"}\n\
                    {\"batch\":1,\"state\":\"sending\"}\n{\"batch\":1,\"state\":\"not_sent\"}\n";
        std::fs::write(&old, text).unwrap();
        let rows = keys(0..8);
        let mut progress = Progress::open(&path).unwrap();
        let batch = progress.begin(&rows[..1], 7).unwrap();
        progress.note(batch, BatchState::NotSent).unwrap();
        for _ in 0..2 {
            progress.take_over(&old, &rows, 2).unwrap();
            assert_eq!(progress.of(&rows[0]), RowState::NotSent, "what is known stays");
            assert_eq!(progress.of(&rows[1]), RowState::Refused("not allowed"));
            assert_eq!(progress.of(&rows[2]), RowState::Unknown);
            assert_eq!(progress.of(&rows[3]), RowState::Unknown);
            assert_eq!(progress.of(&rows[4]), RowState::NotTaken);
            assert_eq!(progress.of(&rows[6]), RowState::NotSent);
            drop(progress);
            progress = Progress::open(&path).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_not_one_of_progress_is_not_taken_for_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(Progress::open(&path).is_err() && Progress::look(&path).is_err());
        let mut progress = Progress::open(&folder.path().join("b.jsonl")).unwrap();
        assert!(progress.take_over(&path, &[], 1).is_err());
    }
}
