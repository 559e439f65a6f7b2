//! Rows that are missing from an answer because they cannot be parsed.

use axum::http::{HeaderMap, HeaderValue};

/// Reports how many rows of a report could not be parsed and are missing from the answer.
pub(crate) fn unreadable(rows: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if rows > 0 {
        headers.insert("desk-unreadable-rows", HeaderValue::from(rows));
    }
    headers
}
