//! Rows that are missing from an answer because they cannot be parsed, and how old it is.

use axum::http::{HeaderMap, HeaderValue};

/// Reports how many rows of a report could not be parsed and are missing from the answer.
pub(crate) fn unreadable(rows: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if rows > 0 {
        headers.insert("desk-unreadable-rows", HeaderValue::from(rows));
    }
    headers
}

/// The same, with when the records were last read.
pub(crate) fn read_headers(rows: usize, read_ms: Option<i64>) -> HeaderMap {
    let mut headers = unreadable(rows);
    if let Some(read_ms) = read_ms {
        headers.insert("desk-read-at", HeaderValue::from(read_ms));
    }
    headers
}
