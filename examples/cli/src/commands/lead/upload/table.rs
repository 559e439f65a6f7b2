//! A file of leads as a table of texts: from CSV in whatever encoding, or from a spreadsheet.

mod workbook;

use std::path::Path;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::output::armed;

/// The largest file that is read.
const LARGEST: u64 = 256 << 20;

/// The most cells and bytes of text that are kept of a file; a cell costs a few bytes even where it is empty.
const MOST_CELLS: usize = 8_000_000;
const MOST_TEXT: usize = 256 << 20;

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextTable {
    pub(super) headers: Vec<String>,
    pub(super) rows: Vec<TextRow>,
    /// How it was read: the encoding and what is between cells, or the sheet.
    pub(super) form: String,
    /// Whether it is a file of bad rows, without its columns line and reason.
    pub(super) of_bad_rows: bool,
}

/// The first columns of a file of bad rows.
pub(super) const OF_BAD_ROWS: [&str; 2] = ["line", "reason"];

/// A row with its line in the file, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextRow {
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// How a file is to be read, where it is not found out.
#[derive(Debug, Clone, Default)]
pub(super) struct TableOptions {
    pub(super) sheet: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) delimiter: Option<u8>,
}

/// Reads a file.
pub(super) fn read(path: &Path, options: &TableOptions) -> Result<TextTable, String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let size = std::fs::metadata(path).map_err(cannot)?.len();
    if size > LARGEST {
        return Err("is larger than 256 MiB".to_owned());
    }
    let is = |known: &&str| ending.eq_ignore_ascii_case(known);
    let table = if ["xlsx", "xlsm"].iter().any(is) {
        workbook::read(path, options.sheet.as_deref())?
    } else if ["xlsb", "xls", "ods", "numbers"].iter().any(is) {
        return Err(format!("is a spreadsheet of the kind {ending}: save it as .xlsx or .csv"));
    } else {
        let bytes = std::fs::read(path).map_err(cannot)?;
        text(&bytes, options)?
    };
    if table.headers.iter().all(String::is_empty) {
        return Err("has no line of headers".to_owned());
    }
    Ok(table)
}

/// A text with its encoding: as it is told, by its mark, UTF-8 if it is, or the likeliest.
fn decoded<'b>(
    bytes: &'b [u8],
    told: Option<&str>,
) -> Result<(std::borrow::Cow<'b, str>, &'static str), String> {
    let encoding = match told {
        Some(label) => Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            format!("{label} is not an encoding; try utf-8, windows-1252, utf-16le")
        })?,
        None => match Encoding::for_bom(bytes) {
            Some((encoding, _)) => encoding,
            None if std::str::from_utf8(bytes).is_ok() => UTF_8,
            None if without_mark(bytes, 1) => UTF_16LE,
            None if without_mark(bytes, 0) => UTF_16BE,
            None => {
                let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
                detector.feed(bytes, true);
                detector.guess(None, Utf8Detection::Deny)
            }
        },
    };
    let (text, used, broken) = encoding.decode(bytes);
    if broken {
        let line =
            text.split('\u{fffd}').next().map_or(0, |before| before.matches('\n').count()) + 1;
        return Err(format!("line {line} is not {}: give --encoding", used.name()));
    }
    Ok((text, used.name()))
}

/// Whether it looks like UTF-16 without a mark: half of its bytes are zero, at this place of each pair.
fn without_mark(bytes: &[u8], place: usize) -> bool {
    let pairs: Vec<&[u8]> = bytes.chunks_exact(2).take(512).collect();
    let zero = pairs.iter().filter(|pair| pair.get(place) == Some(&0)).count();
    pairs.len() >= 4 && zero * 10 > pairs.len() * 9
}

/// What is between the cells of the first line.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            other => {
                for (delimiter, count) in &mut counts {
                    *count += usize::from(*delimiter == other);
                }
            }
        }
    }
    // The first of those with the most: a comma where there is none.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}

fn named(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "bars",
        _ => "commas",
    }
}

fn text(bytes: &[u8], options: &TableOptions) -> Result<TextTable, String> {
    let (text, encoding) = decoded(bytes, options.encoding.as_deref())?;
    let delimiter = options.delimiter.unwrap_or_else(|| delimiter(&text));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let (mut lines, mut held) = (Vec::new(), Held::default());
    let (mut line, mut counted) = (1, 0);
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        // A record's place is that of the empty lines in front of it.
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = text.as_bytes().get(counted..start + empty).unwrap_or_default();
        line += u64::try_from(memchr::memchr_iter(b'\n', passed).count()).unwrap_or_default();
        counted = start + empty;
        for cell in &record {
            held.add(cell)?;
        }
        lines.push(TextRow { line, cells: record.iter().map(tidy).collect() });
    }
    Ok(table(lines, format!("{encoding}, {} between cells", named(delimiter))))
}

/// A cell without blanks around it, those of other alphabets and invisible ones included.
pub(super) fn tidy(cell: &str) -> String {
    let around = |c: char| {
        c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
    };
    cell.trim_matches(around).to_owned()
}

/// The first line that is not empty has the headers; empty ones are left out. A file of bad rows that was corrected is
/// what it was made of.
pub(super) fn table(lines: Vec<TextRow>, form: String) -> TextTable {
    let mut lines = lines.into_iter().filter(|row| row.cells.iter().any(|cell| !cell.is_empty()));
    let mut headers = lines.next().map(|row| row.cells).unwrap_or_default();
    let mut rows: Vec<TextRow> = lines.collect();
    let of_bad_rows = headers.iter().take(2).eq(&OF_BAD_ROWS);
    if of_bad_rows {
        headers.drain(..2);
        for row in &mut rows {
            row.cells.drain(..row.cells.len().min(2));
            for cell in &mut row.cells {
                *cell = armed(cell);
            }
        }
        rows.retain(|row| row.cells.iter().any(|cell| !cell.is_empty()));
    }
    TextTable { headers, rows, form, of_bad_rows }
}

/// What has been read, against what a file may hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    cells: usize,
    bytes: usize,
}

impl Held {
    /// Counts a cell that is to be kept.
    pub(super) fn add(&mut self, text: &str) -> Result<(), String> {
        self.cells += 1;
        self.bytes = self.bytes.saturating_add(text.len());
        if self.cells > MOST_CELLS {
            return Err(format!("has more than {MOST_CELLS} cells: split it"));
        }
        if self.bytes > MOST_TEXT {
            return Err(format!("holds more than {} MiB of text: split it", MOST_TEXT >> 20));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(bytes: &[u8]) -> TextTable {
        text(bytes, &TableOptions::default()).unwrap()
    }

    #[test]
    fn encodings_are_told_apart() {
        let plain = "PhoneNumber,Name\n9000000001,José Müller\n";
        let utf16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let with_mark = [&b"\xff\xfe"[..], &utf16].concat();
        let big: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let (western, ..) = encoding_rs::WINDOWS_1252.encode(plain);
        let marked = [&b"\xef\xbb\xbf"[..], plain.as_bytes()].concat();
        for (bytes, encoding) in [
            (plain.as_bytes(), "UTF-8"),
            (&marked, "UTF-8"),
            (&with_mark, "UTF-16LE"),
            (&utf16, "UTF-16LE"),
            (&big, "UTF-16BE"),
            (&western, "windows-1252"),
        ] {
            let table = read_text(bytes);
            assert_eq!(table.headers, ["PhoneNumber", "Name"], "{encoding}");
            assert_eq!(table.rows[0].cells, ["9000000001", "José Müller"], "{encoding}");
            assert!(table.form.starts_with(encoding), "{}", table.form);
        }
        let hindi = "PhoneNumber\tName\n9000000001\tआशा देवी\n";
        assert_eq!(read_text(hindi.as_bytes()).rows[0].cells[1], "आशा देवी");
        let told = TableOptions { encoding: Some("utf-8".into()), ..TableOptions::default() };
        let error = text(b"PhoneNumber\n9\n\xff\n", &told).unwrap_err();
        assert!(error.starts_with("line 3 is not UTF-8"), "{error}");
        let told = TableOptions { encoding: Some("klingon".into()), ..TableOptions::default() };
        assert!(text(b"a", &told).unwrap_err().contains("klingon is not an encoding"));
    }

    #[test]
    fn what_is_between_cells_is_found_in_the_first_line() {
        for (line, want) in [
            ("a;b;c\n1,2;3;4", b';'),
            ("a,b", b','),
            ("\"a;b;c\",d", b','),
            ("a\tb,c\td", b'\t'),
            ("a|b|c", b'|'),
            ("a", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter(line), want, "{line}");
        }
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let table = read_text(b"\n\nPhoneNumber,Note\n\n1,\"two\nlines\"\n ,\n2,x\n");
        assert_eq!(table.headers, ["PhoneNumber", "Note"]);
        let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [5, 8]);
        assert_eq!(table.rows[0].cells, ["1", "two\nlines"]);
    }

    #[test]
    fn a_file_of_bad_rows_is_what_it_was_made_of() {
        let table =
            read_text(b"line,reason,PhoneNumber,Note\n3,bad,'+91 90000 00001,'=1\n4,worse,,\n");
        assert!(table.of_bad_rows);
        assert_eq!(table.headers, ["PhoneNumber", "Note"]);
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rows[0].cells, ["+91 90000 00001", "=1"]);
        let table = read_text(b"PhoneNumber,line,reason\n9000000001,'=1,x\n");
        assert!(!table.of_bad_rows && table.rows[0].cells[1] == "'=1");
    }

    #[test]
    fn a_file_holds_what_leads_need_and_no_more() {
        let mut held = Held { cells: MOST_CELLS - 1, bytes: 0 };
        held.add("9000000001").unwrap();
        assert_eq!(held.add("").unwrap_err(), "has more than 8000000 cells: split it");
        let mut held = Held { cells: 0, bytes: MOST_TEXT - 3 };
        held.add("abc").unwrap();
        assert_eq!(held.add("a").unwrap_err(), "holds more than 256 MiB of text: split it");
        let many = ",".repeat(MOST_CELLS);
        assert!(text(many.as_bytes(), &TableOptions::default()).unwrap_err().contains("cells"));
    }
}
