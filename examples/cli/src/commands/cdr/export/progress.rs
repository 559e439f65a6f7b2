//! How far an export without a store has come, on disk: which days are whole, and where each ends in the file of rows.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ozonetel_sdk::types::Day;
use serde::{Deserialize, Serialize};

use super::format::FileFormat;
use super::target::beside;
use crate::private_file;

/// What is exported: a file of rows goes on with the same one only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExportPlan {
    /// Where the service is, unless it is the region's.
    pub(super) service: Option<String>,
    pub(super) account: Option<String>,
    pub(super) from: Day,
    pub(super) to: Day,
    pub(super) format: FileFormat,
    pub(super) raw_csv: bool,
}

/// A day that was read to the end of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WholeDay {
    pub(super) day: Day,
    pub(super) rows: u64,
    /// Rows that could not be parsed.
    pub(super) unread: u64,
    /// The length of the file of rows with this day in it.
    pub(super) end: u64,
    /// When it was asked for, in seconds since the epoch. Builds before this one did not note it.
    pub(super) read_at: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct NotedDays {
    plan: ExportPlan,
    days: Vec<WholeDay>,
}

/// The progress of one export. Replaced whole, so that a crash leaves the state before or after.
#[derive(Debug)]
pub(super) struct ExportProgress {
    path: PathBuf,
    noted: NotedDays,
}

impl ExportProgress {
    /// The progress of an export to this file; the plan of another one if that is under way.
    pub(super) fn open(out: &Path, plan: &ExportPlan) -> io::Result<Result<Self, ExportPlan>> {
        let path = beside(out, ".progress");
        let noted = match fs::read(&path) {
            Ok(text) => serde_json::from_slice::<NotedDays>(&text).map_err(|error| {
                io::Error::other(format!("{} cannot be read: {error}", path.display()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                NotedDays { plan: plan.clone(), days: Vec::new() }
            }
            Err(error) => return Err(error),
        };
        Ok(if noted.plan == *plan { Ok(Self { path, noted }) } else { Err(noted.plan) })
    }

    /// Where the whole days end in the file of rows.
    pub(super) fn end(&self) -> u64 {
        self.noted.days.last().map_or(0, |day| day.end)
    }

    /// The first day that is not whole.
    pub(super) fn next(&self) -> Option<Day> {
        let ExportPlan { from, to, .. } = self.noted.plan;
        match self.noted.days.last() {
            None => Some(from),
            Some(last) => (last.day < to).then(|| last.day.next()),
        }
    }

    /// Notes that a day is whole; it is on disk when this returns.
    pub(super) fn note(&mut self, day: WholeDay) -> io::Result<()> {
        self.noted.days.push(day);
        let new = beside(&self.path, ".new");
        let mut options = private_file::options();
        let mut file: File = options.write(true).create(true).truncate(true).open(&new)?;
        file.write_all(&serde_json::to_vec(&self.noted)?)?;
        file.sync_all()?;
        fs::rename(new, &self.path)
    }

    /// Forgets the first day of which this is so, and those behind it; which one that is.
    pub(super) fn forget_from(&mut self, is: impl Fn(&WholeDay) -> bool) -> Option<Day> {
        let at = self.noted.days.iter().position(is)?;
        let first = self.noted.days.get(at).map(|day| day.day);
        self.noted.days.truncate(at);
        first
    }

    /// Forgets all days.
    pub(super) fn begin_anew(&mut self) {
        self.noted.days.clear();
    }

    /// The export is done: its days.
    pub(super) fn remove(self) -> io::Result<Vec<WholeDay>> {
        match fs::remove_file(self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(self.noted.days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> ExportPlan {
        let day = |text: &str| text.parse().unwrap();
        ExportPlan {
            service: None,
            account: Some("acme_support".to_owned()),
            from: day("2026-01-01"),
            to: day("2026-01-02"),
            format: FileFormat::Csv,
            raw_csv: false,
        }
    }

    #[test]
    fn a_whole_day_is_known_to_the_next_run_and_to_no_other_export() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("calls.csv");
        let open = |plan| ExportProgress::open(&out, &plan).unwrap();
        let mut progress = open(plan()).unwrap();
        assert_eq!((progress.next(), progress.end()), (Some(plan().from), 0));
        let day = WholeDay { day: plan().from, rows: 3, unread: 1, end: 700, read_at: Some(9) };
        progress.note(day).unwrap();
        let mut progress = open(plan()).unwrap();
        assert_eq!((progress.next(), progress.end()), (Some(plan().to), 700));
        let other = ExportPlan { raw_csv: true, ..plan() };
        assert_eq!(open(other).unwrap_err(), plan());
        let last = WholeDay { day: plan().to, end: 900, ..day };
        progress.note(last).unwrap();
        assert_eq!(progress.next(), None);
        let mut again = open(plan()).unwrap();
        assert_eq!(again.forget_from(|day| day.end == 900), Some(plan().to));
        assert_eq!((again.next(), again.end()), (Some(plan().to), 700));
        assert_eq!(again.forget_from(|day| day.end == 900), None);
        assert_eq!(progress.remove().unwrap(), [day, last]);
        assert_eq!(open(plan()).unwrap().next(), Some(plan().from));
    }

    #[test]
    fn a_file_that_is_not_one_of_progress_is_not_taken_for_a_beginning() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("calls.csv.progress"), "nonsense").unwrap();
        assert!(ExportProgress::open(&folder.path().join("calls.csv"), &plan()).is_err());
    }
}
