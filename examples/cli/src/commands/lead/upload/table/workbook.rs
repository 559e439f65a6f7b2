//! A sheet of a workbook (xlsx) as a table of texts, cell by cell, within bounds: a workbook is a packed file, and a few
//! kilobytes of it can claim any number of cells.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use calamine::{Data, Reader as _, Xlsx, open_workbook};
use zip::ZipArchive;

use super::{Held, TextRow, TextTable, table, tidy};

/// The most that a workbook may be when it is unpacked.
const UNPACKED: u64 = 64 << 20;

/// The last column that is read: leads have dozens.
const LAST_COLUMN: u32 = 1023;

/// The longest run of digits that a spreadsheet's number holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a sheet: the one of this name, or the first.
pub(super) fn read(path: &Path, sheet: Option<&str>) -> Result<TextTable, String> {
    unpacks_within(path, UNPACKED)?;
    let mut book: Xlsx<BufReader<File>> = open_workbook(path).map_err(told)?;
    let names = book.sheet_names();
    let name = match sheet {
        Some(wanted) => names
            .iter()
            .find(|name| *name == wanted)
            .cloned()
            .ok_or_else(|| format!("has no sheet {wanted}; there are {}", names.join(", ")))?,
        None => names.first().cloned().ok_or("has no sheets")?,
    };
    let rows = rows(&mut book, &name)?;
    // A table that begins further to the right begins at its first column.
    let first = rows.values().filter_map(|row| row.keys().next()).min().copied().unwrap_or(0);
    let mut held = Held::default();
    let mut lines = Vec::with_capacity(rows.len());
    for (at, mut row) in rows {
        let last = row.keys().next_back().copied().unwrap_or(first);
        let mut cells = Vec::new();
        for column in first..=last {
            let text = row.remove(&column).unwrap_or_default();
            held.add(&text)?;
            cells.push(text);
        }
        lines.push(TextRow { line: u64::from(at) + 1, cells });
    }
    Ok(table(lines, format!("sheet {name}")))
}

/// The cells that are not empty, by row and column, both counted from 0.
type Rows = BTreeMap<u32, BTreeMap<u32, String>>;

fn rows(book: &mut Xlsx<BufReader<File>>, sheet: &str) -> Result<Rows, String> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(told)?;
    let (mut rows, mut held) = (Rows::new(), Held::default());
    while let Some(cell) = cells.next_cell().map_err(told)? {
        let (row, column) = cell.get_position();
        let text = tidy(&cell_text(&cell.get_value().clone().into()));
        if text.is_empty() {
            continue;
        }
        if column > LAST_COLUMN {
            let line = u64::from(row) + 1;
            return Err(format!(
                "line {line} has a cell in column {}; {} columns are read",
                u64::from(column) + 1,
                LAST_COLUMN + 1
            ));
        }
        held.add(&text)?;
        rows.entry(row).or_default().insert(column, text);
    }
    Ok(rows)
}

/// Refuses a workbook that is larger than this when it is unpacked, whatever it says of its size.
fn unpacks_within(path: &Path, limit: u64) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|_| "is no workbook (.xlsx), or is protected by a password".to_owned())?;
    let mut left = limit;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| error.to_string())?;
        let size = io::copy(&mut part.take(left + 1), &mut io::sink())
            .map_err(|error| error.to_string())?;
        left = left.checked_sub(size).ok_or_else(|| {
            format!("is more than {} MiB when unpacked: split it, or save it as .csv", limit >> 20)
        })?;
    }
    Ok(())
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A spreadsheet's cell as people write it: whole numbers without a point, days and times as the service takes them.
fn cell_text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        // A number beyond what a spreadsheet keeps exactly is not the number that was typed: it is left to be refused.
        Data::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            format!("{number:.0}")
        }
        Data::Float(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        Data::Error(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rust_xlsxwriter::Workbook;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn a_spreadsheets_numbers_and_days_are_what_people_see() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leads.xlsx");
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("Leads").unwrap();
        for (at, header) in ["PhoneNumber", "Name", "ExpiryDate"].iter().enumerate() {
            sheet.write(2, u16::try_from(at).unwrap(), *header).unwrap();
        }
        sheet.write(3, 0, 919_000_000_001_f64).unwrap();
        sheet.write(3, 1, "A B").unwrap();
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2030, 1, 2).unwrap();
        let format = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_with_format(3, 2, &day, &format).unwrap();
        book.save(&path).unwrap();
        let table = read(&path, None).unwrap();
        assert_eq!(table.headers, ["PhoneNumber", "Name", "ExpiryDate"]);
        assert_eq!(
            table.rows,
            [TextRow {
                line: 4,
                cells: ["919000000001", "A B", "2030-01-02"].map(str::to_owned).into()
            }]
        );
        assert_eq!(table.form, "sheet Leads");
        assert!(read(&path, Some("Other")).unwrap_err().contains("there are Leads"));
        std::fs::write(&path, b"not a spreadsheet").unwrap();
        assert!(read(&path, None).is_err());
    }

    /// A workbook with one sheet of this XML, packed.
    fn packed(folder: &Path, cells: &str, strings: &str) -> std::path::PathBuf {
        let (plain, path) = (folder.join("plain.xlsx"), folder.join("made.xlsx"));
        let mut book = Workbook::new();
        book.add_worksheet().write(0, 0, "PhoneNumber").unwrap();
        book.save(&plain).unwrap();
        let mut from = ZipArchive::new(File::open(&plain).unwrap()).unwrap();
        let mut to = ZipWriter::new(File::create(&path).unwrap());
        let names: Vec<String> = from.file_names().map(str::to_owned).collect();
        for name in names {
            let mut text = String::new();
            from.by_name(&name).unwrap().read_to_string(&mut text).unwrap();
            if name == "xl/worksheets/sheet1.xml" {
                text = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
            } else if name == "xl/sharedStrings.xml" {
                text = format!("<sst>{strings}</sst>");
            }
            to.start_file(name, SimpleFileOptions::default()).unwrap();
            to.write_all(text.as_bytes()).unwrap();
        }
        to.finish().unwrap();
        path
    }

    #[test]
    fn two_cells_at_the_corners_of_a_sheet_cost_two_cells() {
        let folder = tempfile::tempdir().unwrap();
        let cells = "<row r='1'><c r='A1' t='s'><v>0</v></c></row>\
                     <row r='1048576'><c r='B1048576'><v>5</v></c></row>";
        let path = packed(folder.path(), cells, "<si><t>PhoneNumber</t></si>");
        let table = read(&path, None).unwrap();
        assert_eq!(table.headers, ["PhoneNumber"]);
        assert_eq!(
            table.rows,
            [TextRow { line: 1_048_576, cells: vec![String::new(), "5".to_owned()] }]
        );
        let cells = "<row r='1'><c r='A1' t='s'><v>0</v></c></row>\
                     <row r='2'><c r='XFD2'><v>5</v></c></row>";
        let path = packed(folder.path(), cells, "<si><t>PhoneNumber</t></si>");
        let error = read(&path, None).unwrap_err();
        assert_eq!(error, "line 2 has a cell in column 16384; 1024 columns are read");
    }

    #[test]
    fn a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = packed(folder.path(), &" ".repeat(65 << 20), "<si><t>PhoneNumber</t></si>");
        assert!(std::fs::metadata(&path).unwrap().len() < 200_000);
        let error = read(&path, None).unwrap_err();
        assert!(error.starts_with("is more than 64 MiB when unpacked"), "{error}");
    }

    #[test]
    fn a_long_text_that_many_cells_name_counts_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("<si><t>{}</t></si>", "a".repeat(8 << 20));
        let cells: String = (1..=40)
            .map(|row| format!("<row r='{row}'><c r='A{row}' t='s'><v>0</v></c></row>"))
            .collect();
        let path = packed(folder.path(), &cells, &long);
        let error = read(&path, None).unwrap_err();
        assert!(error.starts_with("holds more than 256 MiB of text"), "{error}");
    }
}
