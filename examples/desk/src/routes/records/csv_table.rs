//! Figures as CSV.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};

use crate::core::figures::Figures;
use crate::problem::{Kind, Problem};

/// Whether the request prefers CSV.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| {
        let first = accept.split(',').next().unwrap_or_default();
        first.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"))
    })
}

const COLUMNS: [&str; 11] = [
    "calls",
    "inbound",
    "outbound",
    "answered",
    "missed",
    "answerRate",
    "talkMeanSec",
    "handlingMeanSec",
    "appointmentsBooked",
    "conversionRate",
    "dispositions",
];

/// A line of a table.
pub(super) struct CsvLine {
    /// What the figures are of.
    pub(super) of: String,
    /// The figures; none where nothing is known.
    pub(super) figures: Option<Figures>,
    /// How far they can be relied on.
    pub(super) read: String,
}

/// A line for each of the figures, with what they are of in front, and a column that says how far they can be relied on.
/// What is not known is empty.
pub(super) fn csv(of: &str, read: &str, lines: &[CsvLine]) -> Result<Response, Problem> {
    let failed = |_| Problem::new(Kind::Internal, "the figures cannot be written");
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = std::iter::once(of).chain(COLUMNS).chain([read]);
    writer.write_record(head).map_err(failed)?;
    for line in lines {
        let cells = line.figures.as_ref().map_or_else(Default::default, cells);
        let row = std::iter::once(inert(&line.of)).chain(cells).chain([line.read.clone()]);
        writer.write_record(row).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|_| Problem::new(Kind::Internal, "the figures cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response())
}

/// One for each of the columns.
fn cells(figures: &Figures) -> [String; COLUMNS.len()] {
    let calls = figures.calls;
    let dispositions: Vec<String> =
        figures.dispositions.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    [
        calls.total.to_string(),
        calls.inbound.to_string(),
        calls.outbound.to_string(),
        calls.answered.to_string(),
        calls.missed.to_string(),
        figures.answer_rate.to_string(),
        figures.talk_mean_sec.to_string(),
        figures.handling_mean_sec.to_string(),
        figures.appointments_booked.to_string(),
        figures.conversion_rate.to_string(),
        inert(&dispositions.join("; ")),
    ]
}

/// A text that a spreadsheet takes for text: what begins like a formula gets an apostrophe.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_text() {
        for (text, expected) in [("agent01", "agent01"), ("=1+1", "'=1+1"), ("@x", "'@x"), ("", "")]
        {
            assert_eq!(inert(text), expected);
        }
    }

    #[test]
    fn csv_is_what_is_asked_for_first() {
        let asked = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            is_wanted(&headers)
        };
        assert!(asked("text/csv") && asked("TEXT/CSV;q=0.9, application/json"));
        assert!(
            !asked("application/json, text/csv") && !asked("*/*") && !is_wanted(&HeaderMap::new())
        );
    }
}
