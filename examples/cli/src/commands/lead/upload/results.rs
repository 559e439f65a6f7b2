//! What became of each row.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::progress::{BatchState, Progress};
use super::{Prepared, ranges};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output::{self, Format, defused};
use crate::private_file;

/// What a row's result has.
const COLUMNS: [&str; 4] = ["line", "PhoneNumber", "outcome", "says"];

/// A row that is not sent.
pub(super) struct BadRow {
    /// Its place in the table.
    pub(super) place: usize,
    pub(super) reason: String,
}

/// A row per bad one: line, reason, and its cells. Numbers are in it: it is its owner's alone.
pub(super) fn write_bad_rows(path: &Path, prepared: &Prepared) -> io::Result<()> {
    let file = private_file::options().write(true).create(true).truncate(true).open(path)?;
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(BufWriter::new(file));
    let headers = prepared.table.headers.iter().map(String::as_str);
    writer.write_record(["line", "reason"].into_iter().chain(headers))?;
    for bad in &prepared.bad {
        let Some(row) = prepared.table.rows.get(bad.place) else { continue };
        let line = row.line.to_string();
        writer.write_field(&line)?;
        writer.write_field(&bad.reason)?;
        for cell in &row.cells {
            writer.write_field(defused(cell).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)?.flush()
}

/// What is known of all rows when an upload ends.
pub(super) struct Results {
    rows: Vec<RowLine>,
    /// The lines of rows of which it is unknown whether they arrived.
    pub(super) unknown: BTreeSet<u64>,
}

struct RowLine {
    line: u64,
    number: String,
    outcome: &'static str,
    says: Option<String>,
}

impl Results {
    pub(super) fn of(prepared: &Prepared, batches: &[Vec<usize>], progress: &Progress) -> Self {
        let number = |place: usize| {
            let phone = prepared.columns.iter().find(|column| column.header == "PhoneNumber");
            let row = prepared.table.rows.get(place);
            let cell = phone.zip(row).and_then(|(column, row)| row.cells.get(column.at));
            cell.cloned().unwrap_or_default()
        };
        let line = |place: usize| prepared.table.rows.get(place).map_or(0, |row| row.line);
        let mut results = Self { rows: Vec::new(), unknown: BTreeSet::new() };
        for bad in &prepared.bad {
            results.rows.push(RowLine {
                line: line(bad.place),
                number: number(bad.place),
                outcome: "bad",
                says: Some(bad.reason.clone()),
            });
        }
        for (at, places) in batches.iter().enumerate() {
            let state = progress.of(at);
            for (within, place) in places.iter().enumerate() {
                let said = |refused: &[(usize, String)]| {
                    let named = refused.iter().find(|(row, _)| *row == within + 1);
                    named.map(|(_, says)| says.clone())
                };
                let (outcome, says) = match state {
                    Some(BatchState::Taken { refused }) => match said(refused) {
                        Some(says) => ("refused", Some(says)),
                        None => ("taken", None),
                    },
                    Some(BatchState::Refused) => ("not_taken", None),
                    Some(BatchState::Unknown | BatchState::Sending) => ("unknown", None),
                    None | Some(BatchState::NotSent) => ("not_sent", None),
                };
                if outcome == "unknown" {
                    results.unknown.insert(line(*place));
                }
                results.rows.push(RowLine {
                    line: line(*place),
                    number: number(*place),
                    outcome,
                    says,
                });
            }
        }
        results.rows.sort_by_key(|row| row.line);
        results
    }

    /// A row per row of the file; as a table, the sum, and the rows that were not taken.
    pub(super) fn print(&self, context: &Context) -> Result<Completion, Failure> {
        let row = |row: &RowLine| json!({ "line": row.line, "PhoneNumber": row.number, "outcome": row.outcome, "says": row.says });
        if context.output.format != Format::Table {
            let rows: Vec<Value> = self.rows.iter().map(row).collect();
            return output::table_of(context.output, &COLUMNS, &rows);
        }
        let count = |word: &str| self.rows.iter().filter(|row| row.outcome == word).count();
        let mut sum = serde_json::Map::new();
        sum.insert("rows".to_owned(), self.rows.len().into());
        for word in ["taken", "refused", "bad", "not_taken", "not_sent", "unknown"] {
            if word == "taken" || count(word) > 0 {
                sum.insert(word.to_owned(), count(word).into());
            }
        }
        output::one(context.output, &Value::Object(sum))?;
        let said: Vec<Value> = self.rows.iter().filter(|row| row.says.is_some()).map(row).collect();
        if said.is_empty() {
            return Ok(Completion::Clean);
        }
        output::table_of(context.output, &COLUMNS, &said)
    }

    /// The failure of an upload that is done but for batches of unknown outcome.
    pub(super) fn unknown_failure(&self) -> Failure {
        Failure::unknown(format!(
            "it is unknown whether the leads of lines {} arrived: they were not sent again; look for them in the \
             campaign, then send the others alone, or these once more with --repeat-unknown",
            ranges(&self.unknown)
        ))
    }
}
