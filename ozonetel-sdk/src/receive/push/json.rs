//! JSON text of a push into a value, with the slips that senders make repaired.

use serde_json::Value;

use super::error::{PushError, PushErrorKind};
use super::twice::RepeatingJson;
use super::work;
use crate::core::text;

/// Whether text can only be JSON.
pub(super) fn looks_like_json(text: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    text.trim_start_matches(blank).starts_with(['{', '[', '"'])
}

/// JSON text into a value; a raw line break in a text and half a surrogate pair do not cost the rest.
pub(super) fn value(json: &str) -> Result<Value, serde_json::Error> {
    work::done(json.len());
    let json = json.trim_start_matches('\u{feff}');
    let read = |json: &str| serde_json::from_str(json).map(|RepeatingJson(value)| value);
    read(json).or_else(|error| match text::repaired(json) {
        Some(repaired) => read(&repaired),
        None => Err(error),
    })
}

/// The same, no deeper than `depth` levels.
pub(super) fn parse(text: &str, depth: usize) -> Result<Value, PushError> {
    let value = value(text).map_err(|error| {
        let reason = format!("not JSON (line {}, column {})", error.line(), error.column());
        PushError::new(PushErrorKind::Syntax, reason)
    })?;
    // The list around the objects does not count as a level of theirs.
    let outer = usize::from(value.is_array());
    if deeper(&value, depth.saturating_add(outer)) {
        let reason = format!("nested deeper than {depth} levels");
        return Err(PushError::new(PushErrorKind::TooDeep, reason));
    }
    Ok(value)
}

/// Whether a value nests deeper than `left` levels. The JSON reader itself stops at 128.
fn deeper(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(list) => left == 0 || list.iter().any(|item| deeper(item, left - 1)),
        Value::Object(map) => left == 0 || map.values().any(|item| deeper(item, left - 1)),
        _ => false,
    }
}

/// How many named fields a value holds, at every depth.
pub(super) fn fields_in(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(fields_in).sum(),
        Value::Object(map) => map.len() + map.values().map(fields_in).sum::<usize>(),
        _ => 0,
    }
}
