//! Values of columns, and the numbers of parameters.

use ozonetel_sdk::types::Day;

use super::db::{Record, Value};
use crate::error::StoreError;

/// A value that has to be there.
pub(super) fn needed<T>(value: Option<T>, column: &str) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::damaged(format!("{column} is null")))
}

/// A day.
pub(super) fn day(record: &Record, column: &str) -> Result<Day, StoreError> {
    let text = needed(record.text(column)?, column)?;
    text.parse().map_err(|_| StoreError::damaged(format!("{column} is not a day")))
}

/// A count.
pub(super) fn unsigned(number: i64, column: &str) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::damaged(format!("{column} is negative")))
}

/// `$1, $2, …`.
pub(super) fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

/// A day as a column's value.
pub(super) fn text_of(day: Day) -> Value {
    Value::text(day.to_string())
}
