//! What became of each row.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::progress::{Progress, RowState};
use super::table::OF_BAD_ROWS;
use super::{GoodRow, Prepared, is_there, ranges};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output::{self, Format, defused};
use crate::part_file::PartFile;

/// What a row's result has.
const COLUMNS: [&str; 4] = ["line", "PhoneNumber", "outcome", "says"];

/// A row that is not sent.
pub(super) struct BadRow {
    /// Its place in the table.
    pub(super) place: usize,
    pub(super) reason: String,
}

/// Whether a file of bad rows is written.
pub(super) enum BadRows {
    Written,
    /// It says otherwise already and is newer than the file of leads: someone may have corrected it.
    LeftAsItIs,
}

/// Writes a row per bad one, whole or not at all. Numbers are in it: it is its owner's alone.
pub(super) fn write_bad_rows(
    path: &Path,
    leads: &Path,
    prepared: &Prepared,
) -> io::Result<BadRows> {
    let text = bad_rows(prepared)?;
    let changed = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified());
    let newer = matches!((changed(path), changed(leads)), (Ok(bad), Ok(leads)) if bad > leads);
    if newer && std::fs::read(path)? != text {
        return Ok(BadRows::LeftAsItIs);
    }
    PartFile::write(path, &text).map(|()| BadRows::Written)
}

/// Line, reason, and the cells of each bad row.
fn bad_rows(prepared: &Prepared) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let headers = prepared.table.headers.iter().map(String::as_str);
    writer.write_record(OF_BAD_ROWS.into_iter().chain(headers))?;
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
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
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
    pub(super) fn of(prepared: &Prepared, rows: &[GoodRow], progress: &Progress) -> Self {
        let line = |place: usize| prepared.table.rows.get(place).map_or(0, |row| row.line);
        let mut results = Self { rows: Vec::new(), unknown: BTreeSet::new() };
        for bad in &prepared.bad {
            results.rows.push(RowLine {
                line: line(bad.place),
                number: prepared.number(bad.place).to_owned(),
                outcome: "bad",
                says: Some(bad.reason.clone()),
            });
        }
        for (place, key) in rows {
            let (outcome, says) = match progress.of(key) {
                RowState::Taken { earlier: false, .. } => ("taken", None),
                RowState::Taken { earlier: true, .. } => ("taken_before", None),
                RowState::Refused(says) => ("refused", Some(says.to_owned())),
                RowState::NotTaken => ("not_taken", None),
                RowState::Unknown => ("unknown", None),
                RowState::Unclear(says) => ("unknown", Some(says.to_owned())),
                RowState::NotSent => ("not_sent", None),
            };
            if outcome == "unknown" {
                results.unknown.insert(line(*place));
            }
            results.rows.push(RowLine {
                line: line(*place),
                number: prepared.number(*place).to_owned(),
                outcome,
                says,
            });
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
        for word in ["taken", "taken_before", "refused", "bad", "not_taken", "not_sent", "unknown"]
        {
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

    /// The failure of an upload of which the service refused rows; one whose number the campaign has is as it should be.
    pub(super) fn refused(&self) -> Option<Failure> {
        let is_refused =
            |row: &&RowLine| row.outcome == "refused" && !row.says.as_deref().is_some_and(is_there);
        let refused = self.rows.iter().filter(is_refused).count();
        let all = self.rows.len();
        (refused > 0).then(|| {
            Failure::refused(format!(
                "{refused} of {all} rows were refused by the service, the others are as listed"
            ))
        })
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
