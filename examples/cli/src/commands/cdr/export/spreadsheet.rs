//! Rows of the store as a spreadsheet, in constant memory, with as many sheets as it takes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ozonetel_sdk::cdr::CallRecord;
use rust_xlsxwriter::{Workbook, XlsxError};

use super::rows::{cells, places};
use crate::failure::Failure;
use crate::notes::note;
use crate::output::LeftOut;
use crate::part_file::PartFile;

/// Rows that a sheet holds, the line of names included.
const ROWS: u32 = 1_048_576;

/// The most characters that a cell holds.
const CELL: usize = 32_767;

/// A workbook that takes its name once it is whole. Everything in it is text, so that ids keep their digits and nothing
/// is run as a formula.
pub(super) struct Spreadsheet {
    book: Workbook,
    path: PathBuf,
    places: HashMap<&'static str, usize>,
    left_out: LeftOut,
    /// Cells that were too long.
    cut: u64,
    sheets: usize,
    /// The next row of the last sheet.
    row: u32,
    /// How many rows a sheet holds.
    limit: u32,
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()))
}

impl Spreadsheet {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            book: Workbook::new(),
            path: path.to_owned(),
            places: places(),
            left_out: LeftOut::default(),
            cut: 0,
            sheets: 0,
            row: 0,
            limit: ROWS,
        }
    }

    /// Begins a sheet with its line of names.
    fn next_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => "calls".to_owned(),
            number => format!("calls {number}"),
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, field) in CallRecord::FIELDS.iter().enumerate() {
            sheet.write_string(0, u16::try_from(at).unwrap_or(u16::MAX), *field)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Adds a row, given as JSON.
    pub(super) fn row(&mut self, row: &str) -> Result<(), Failure> {
        let cells = cells(row, &self.places, &mut self.left_out);
        let cells = cells.map_err(|error| failed(&self.path, &error))?;
        self.write(&cells).map_err(|error| failed(&self.path, &error))
    }

    fn write<T: AsRef<str>>(&mut self, cells: &[T]) -> Result<(), XlsxError> {
        if self.sheets == 0 || self.row >= self.limit {
            self.next_sheet()?;
        }
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (at, cell) in cells.iter().enumerate() {
            let text = cell.as_ref();
            if text.is_empty() {
                continue;
            }
            // A longer text is cut: the format has no place for it.
            let end = text.char_indices().nth(CELL).map_or(text.len(), |(end, _)| end);
            self.cut += u64::from(end < text.len());
            let text = text.get(..end).unwrap_or(text);
            sheet.write_string(self.row, u16::try_from(at).unwrap_or(u16::MAX), text)?;
        }
        self.row += 1;
        Ok(())
    }

    /// What is said of cells that were cut.
    fn told_cut(&self) -> Option<String> {
        let cells = match self.cut {
            0 => return None,
            1 => "1 cell is".to_owned(),
            count => format!("{count} cells are"),
        };
        Some(format!(
            "{cells} cut after {CELL} characters, which is all that xlsx holds; jsonl has them whole"
        ))
    }

    /// Writes the file, unless it is stopped before it is whole.
    pub(super) fn finish(mut self, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
        if self.sheets == 0 {
            self.next_sheet().map_err(|error| failed(&self.path, &error))?;
        }
        let part = PartFile::create(&self.path).map_err(|error| failed(&self.path, &error))?;
        let to = StoppableFile { file: part.file(), stop: Arc::clone(stop) };
        self.book.save_to_writer(to).map_err(|error| failed(&self.path, &error))?;
        part.finish().map_err(|error| failed(&self.path, &error))?;
        if let Some(text) = self.told_cut() {
            note(&text);
        }
        Ok(())
    }
}

/// A file that takes no more bytes once it is stopped: a workbook is made in one go, which may take long.
struct StoppableFile<'f> {
    file: &'f File,
    stop: Arc<AtomicBool>,
}

impl Write for StoppableFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("stopped by a signal"));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for StoppableFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx, open_workbook};

    use super::*;

    #[test]
    fn sheets_are_split_at_their_limit_and_everything_is_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.xlsx");
        let mut sheet = Spreadsheet { limit: 3, ..Spreadsheet::new(&path) };
        let long = "x".repeat(CELL + 5);
        for row in [["90000000000000001", "=1+1"], ["2", ""], ["3", long.as_str()]] {
            sheet.write(&row).unwrap();
        }
        assert_eq!(sheet.cut, 1);
        let told = sheet.told_cut().unwrap();
        assert!(told.starts_with("1 cell is cut after 32767 characters"), "{told}");
        sheet.finish(&Arc::default()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let mut book: Xlsx<_> = open_workbook(&path).unwrap();
        assert_eq!(book.sheet_names(), ["calls", "calls 2"]);
        let first = book.worksheet_range("calls").unwrap();
        let text = |text: &str| Some(Data::String(text.to_owned()));
        assert_eq!(first.get_value((1, 0)).cloned(), text("90000000000000001"));
        assert_eq!(first.get_value((1, 1)).cloned(), text("=1+1"));
        assert_eq!(first.height(), 3);
        let second = book.worksheet_range("calls 2").unwrap();
        assert_eq!(second.get_value((0, 0)).cloned(), text(CallRecord::FIELDS[0]));
        assert_eq!(second.get_value((1, 1)).cloned(), text(&"x".repeat(CELL)));
    }
    #[test]
    fn a_workbook_that_is_stopped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.xlsx");
        let mut sheet = Spreadsheet::new(&path);
        sheet.write(&["90000000000000001"]).unwrap();
        assert_eq!(sheet.told_cut(), None);
        assert!(sheet.finish(&Arc::new(AtomicBool::new(true))).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
