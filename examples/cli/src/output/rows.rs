//! Rows, printed as they arrive.

use std::io::{self, Write};
use std::marker::PhantomData;

use futures_util::{FutureExt as _, Stream, StreamExt as _};
use ozonetel_sdk::Error;
use serde_json::Value;

use super::{Format, LeftOut, Output, Row, table, text};
use crate::context::Context;
use crate::failure::{Completion, Failure};

/// Prints rows until the stream ends, fails, or a signal comes. A row that cannot be parsed goes to standard error, and
/// the next one follows.
pub(crate) async fn rows<R: Row>(
    context: &Context,
    mut stream: impl Stream<Item = Result<R, Error>> + Unpin,
) -> Result<Completion, Failure> {
    if context.is_dry_run() {
        // What it would ask for is printed in the place of rows.
        return match stream.next().await {
            Some(Err(error)) => Err(error.into()),
            _ => Ok(Completion::Clean),
        };
    }
    let out = io::BufWriter::new(io::stdout().lock());
    let mut printer = Printer::<R, _>::new(context.output, out);
    let mut done = Completion::Clean;
    written(printer.begin())?;
    loop {
        let item = if let Some(item) = stream.next().now_or_never() {
            item
        } else {
            // Nothing more for now: what is there must not wait in a buffer.
            written(printer.flush())?;
            tokio::select! {
                biased;
                signal = context.stop.clone() => return Err(Failure::stopped(signal)),
                item = stream.next() => item,
            }
        };
        match item {
            None => break,
            Some(Ok(row)) => {
                if written(printer.row(&row))? == Reader::Gone {
                    return Ok(done);
                }
            }
            Some(Err(error)) if error.is_row() => {
                Failure::from(error).report(context.output.is_machine());
                done = Completion::BadRows;
            }
            Some(Err(error)) => return Err(error.into()),
        }
    }
    written(printer.end())?;
    Ok(done)
}

/// Whether anybody still reads what is printed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    There,
    Gone,
}

/// A reader that has had enough is not a failure.
pub(crate) fn written(result: io::Result<()>) -> Result<Reader, Failure> {
    match result {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::output(&error)),
    }
}

/// Writes rows in one format. However it ends, an array that was opened is closed.
struct Printer<R, W: Write> {
    output: Output,
    to: W,
    count: u64,
    open: bool,
    header: Vec<String>,
    left_out: LeftOut,
    row: PhantomData<R>,
}

impl<R: Row, W: Write> Printer<R, W> {
    fn new(output: Output, to: W) -> Self {
        let (open, header, left_out) = (false, Vec::new(), LeftOut::default());
        Self { output, to, count: 0, open, header, left_out, row: PhantomData }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.open = true;
        match self.output.format {
            Format::Json => write!(self.to, "["),
            // Their first line comes with the first row, or at the end: an error is not printed below a table's head.
            Format::Table | Format::Jsonl | Format::Csv => Ok(()),
        }
    }

    fn table_head(&mut self) -> io::Result<()> {
        let names = R::TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
        writeln!(self.to, "{}", table::line(R::TABLE, names))
    }

    fn row(&mut self, row: &R) -> io::Result<()> {
        match self.output.format {
            Format::Json => {
                // The line ends with the row, so that a reader of lines has it at once.
                self.to.write_all(if self.count == 0 { b"\n" } else { b"," })?;
                serde_json::to_writer(&mut self.to, row)?;
                writeln!(self.to)?;
            }
            Format::Jsonl => {
                serde_json::to_writer(&mut self.to, row)?;
                writeln!(self.to)?;
            }
            Format::Csv => self.csv_row(row)?,
            Format::Table => {
                if self.count == 0 {
                    self.table_head()?;
                }
                let value = serde_json::to_value(row)?;
                let cells =
                    R::TABLE.iter().map(|(name, _)| self.output.cell(name, field(&value, name)));
                writeln!(self.to, "{}", table::line(R::TABLE, cells.collect()))?;
            }
        }
        self.count += 1;
        Ok(())
    }

    /// The first row decides the columns: the service's documented ones, and what else it sends.
    fn csv_row(&mut self, row: &R) -> io::Result<()> {
        let value = serde_json::to_value(row)?;
        let keys = || value.as_object().into_iter().flat_map(|fields| fields.keys());
        if self.header.is_empty() {
            let known = R::FIELDS.iter().map(|name| (*name).to_owned());
            let new = keys().filter(|key| !R::FIELDS.contains(&key.as_str())).cloned();
            self.header = known.chain(new).collect();
            self.output.record(&mut self.to, &self.header)?;
        }
        for key in keys() {
            if !self.header.contains(key) {
                self.left_out.note(key, |key| format!("later rows have a field {key}, left out"));
            }
        }
        let cells = self.header.iter().map(|name| text(field(&value, name)));
        self.output.record(&mut self.to, cells)
    }

    /// Closes what was opened.
    fn end(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.open) {
            match self.output.format {
                Format::Json => writeln!(self.to, "]")?,
                Format::Csv if self.count == 0 => self.output.record(&mut self.to, R::FIELDS)?,
                Format::Table if self.count == 0 => self.table_head()?,
                _ => {}
            }
        }
        self.to.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl<R, W: Write> Drop for Printer<R, W> {
    fn drop(&mut self) {
        if self.open && self.output.format == Format::Json {
            // Too late to report; the reader sees the array end or nothing.
            let _ = self.to.write_all(b"]\n");
        }
        let _ = self.to.flush();
    }
}

/// A field of a row; a row that is a bare value is its only field.
fn field<'v>(row: &'v Value, name: &str) -> &'v Value {
    match row {
        Value::Object(fields) => fields.get(name).unwrap_or(&Value::Null),
        bare => bare,
    }
}

impl Output {
    fn is_machine(self) -> bool {
        matches!(self.format, Format::Json | Format::Jsonl)
    }
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::missed::MissedCall;
    use ozonetel_sdk::types::DispositionName;

    use super::*;

    fn output(format: Format) -> Output {
        Output { format, show_numbers: false, raw_csv: false }
    }

    #[test]
    fn a_table_has_no_head_before_an_error() {
        let mut out = Vec::new();
        let mut printer = Printer::<MissedCall, _>::new(output(Format::Table), &mut out);
        printer.begin().unwrap();
        drop(printer);
        assert!(out.is_empty());
        assert!(printed::<MissedCall>(Format::Table, &[]).starts_with("callTime"));
        let row = missed(r#"{"campaign":"a"}"#);
        assert_eq!(printed(Format::Table, &[row.clone(), row]).matches("callTime").count(), 1);
    }

    #[test]
    fn a_csv_cell_is_not_run_by_a_spreadsheet_unless_it_is_asked_for() {
        let row = [missed(
            r#"{"campaign":"=1+1","agent":"A;@x","=New":"-1","callerID":"+919000000001"}"#,
        )];
        let text = printed(Format::Csv, &row);
        for part in [",'=New\n", ",'=1+1,", "A;'@x", ",-1\n", ",+919000000001,"] {
            assert!(text.contains(part), "{part} {text}");
        }
        let mut out = Vec::new();
        let raw = Output { raw_csv: true, ..output(Format::Csv) };
        Printer::new(raw, &mut out).row(&row[0]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(",=1+1,") && text.contains("A;@x"), "{text}");
    }

    fn printed<R: Row>(format: Format, rows: &[R]) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(output(format), &mut out);
        printer.begin().unwrap();
        for row in rows {
            printer.row(row).unwrap();
        }
        printer.end().unwrap();
        drop(printer);
        String::from_utf8(out).unwrap()
    }

    fn missed(json: &str) -> MissedCall {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_array_is_closed_however_many_rows_there_are() {
        for count in 0..3 {
            let rows: Vec<DispositionName> = (0..count).map(|n| format!("d{n}").into()).collect();
            let read: Vec<String> = serde_json::from_str(&printed(Format::Json, &rows)).unwrap();
            assert_eq!(read.len(), count);
        }
        let mut out = Vec::new();
        let mut printer = Printer::new(output(Format::Json), &mut out);
        printer.begin().unwrap();
        printer.row(&DispositionName::from("d")).unwrap();
        drop(printer);
        assert_eq!(String::from_utf8(out).unwrap(), "[\n\"d\"\n]\n");
    }

    #[test]
    fn csv_has_the_services_names_and_what_else_the_first_row_brings() {
        let rows = [
            missed(r#"{"monitorUCID":12345170000000099,"New":"a,b"}"#),
            missed(r#"{"monitorUCID":"12345170000000098"}"#),
        ];
        let text = printed(Format::Csv, &rows);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("monitorUCID,type,status,campaign,callerID,"), "{}", lines[0]);
        assert!(lines[0].ends_with(",callTime,New"));
        assert_eq!(lines[1], "12345170000000099,,,,,,,,,,,,\"a,b\"");
        assert_eq!(lines[2], "12345170000000098,,,,,,,,,,,,");
        let none = printed::<MissedCall>(Format::Csv, &[]);
        assert_eq!(none.trim_end(), MissedCall::FIELDS.join(","));
    }

    #[test]
    fn tables_hide_numbers_and_machine_output_does_not() {
        let rows = [missed(r#"{"callerID":"9000000001","did":"918000000001"}"#)];
        let table = printed(Format::Table, &rows);
        assert!(!table.contains("9000000001") && !table.contains("918000000001"), "{table}");
        assert!(table.contains("…01"), "{table}");
        for format in [Format::Json, Format::Jsonl, Format::Csv] {
            assert!(printed(format, &rows).contains("9000000001"));
        }
    }

    #[test]
    fn text_that_would_move_the_cursor_does_not() {
        let rows = [missed(r#"{"campaign":"a\u001b[2Jb"}"#)];
        assert!(!printed(Format::Table, &rows).contains('\u{1b}'));
    }
}
