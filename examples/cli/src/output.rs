//! Results on standard output.

mod defuse;
mod left_out;
mod one;
mod reader;
mod reply;
mod rows;
mod table;

use std::borrow::Cow;
use std::io::{self, Write};

use clap::ValueEnum;
use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::missed::MissedCall;
use ozonetel_sdk::summary::AgentSummary;
use ozonetel_sdk::types::DispositionName;
use serde::Serialize;
use serde_json::Value;

pub(crate) use defuse::{armed, defused};
pub(crate) use left_out::LeftOut;
pub(crate) use one::one;
pub(crate) use reader::reader_gone;
pub(crate) use reply::{reply, table_of};
pub(crate) use rows::{Reader, rows, written};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One array of rows, or one object.
    Json,
    /// One object a line.
    Jsonl,
    /// With a line of names first.
    Csv,
}

/// Format, whether tables show numbers whole, and whether CSV cells are left as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) show_numbers: bool,
    pub(crate) raw_csv: bool,
}

impl Output {
    /// A cell of CSV, which no spreadsheet runs as a formula unless that is asked for.
    pub(crate) fn cell_of_csv(self, cell: &str) -> Cow<'_, str> {
        if self.raw_csv { Cow::Borrowed(cell) } else { defused(cell) }
    }

    /// One line of CSV.
    pub(crate) fn record<T: AsRef<str>>(
        self,
        to: &mut impl Write,
        cells: impl IntoIterator<Item = T>,
    ) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().buffer_capacity(1024).from_writer(to);
        for cell in cells {
            let cell = cell.as_ref();
            let cell = self.cell_of_csv(cell);
            writer.write_field(cell.as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
        writer.flush()
    }

    /// A value's text in a table.
    fn cell(self, name: &str, value: &Value) -> String {
        let text = crate::mask::printable(&text(value));
        if self.show_numbers { text } else { crate::mask::field(name, &text) }
    }
}

/// A value's bare text; absent is empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A row of a report.
pub(crate) trait Row: Serialize {
    /// The fields as the service spells them.
    const FIELDS: &'static [&'static str];
    /// What a table shows of it, and how wide.
    const TABLE: &'static [(&'static str, u16)];
}

impl Row for CallRecord {
    const FIELDS: &'static [&'static str] = Self::FIELDS;
    const TABLE: &'static [(&'static str, u16)] = &[
        ("CallDate", 10),
        ("StartTime", 9),
        ("UCID", 17),
        ("Type", 11),
        ("Status", 10),
        ("CallerID", 13),
        ("AgentID", 12),
        ("CampaignName", 16),
        ("Duration", 8),
        ("TalkTime", 8),
        ("Disposition", 20),
        ("UUI", 20),
    ];
}

impl Row for MissedCall {
    const FIELDS: &'static [&'static str] = Self::FIELDS;
    const TABLE: &'static [(&'static str, u16)] = &[
        ("callTime", 19),
        ("monitorUCID", 17),
        ("type", 11),
        ("status", 11),
        ("callerID", 13),
        ("did", 13),
        ("campaign", 16),
        ("skill", 12),
        ("agent", 12),
        ("hangupBy", 12),
    ];
}

impl Row for AgentSummary {
    const FIELDS: &'static [&'static str] = Self::FIELDS;
    const TABLE: &'static [(&'static str, u16)] = &[
        ("CallDate", 10),
        ("AgentUniqueID", 13),
        ("AgentName", 14),
        ("ModeType", 8),
        ("TotalLoginDuration", 18),
        ("TotalBusyTime", 13),
        ("TotalIdleTime", 13),
        ("TotalPauseTime", 14),
        ("TotalWrapupTime", 15),
        ("TotalDialTime", 13),
    ];
}

/// The service lists bare names.
impl Row for DispositionName {
    const FIELDS: &'static [&'static str] = &["disposition"];
    const TABLE: &'static [(&'static str, u16)] = &[("disposition", 50)];
}
