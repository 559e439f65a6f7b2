//! JSON text of a push into a value, with the slips that senders make repaired.

use serde_json::Value;

use super::error::{PushError, PushErrorKind};
use super::work;

/// Whether text can only be JSON.
pub(super) fn looks_like_json(text: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    text.trim_start_matches(blank).starts_with(['{', '[', '"'])
}

/// JSON text into a value; a raw line break in a text and half a surrogate pair do not cost the rest.
pub(super) fn value(text: &str) -> Result<Value, serde_json::Error> {
    work::done(text.len());
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).or_else(|error| match repaired(text) {
        Some(repaired) => serde_json::from_str(&repaired),
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

/// Control characters inside texts escaped, halves of surrogate pairs replaced. `None` where there is none.
fn repaired(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut quoted, mut changed) = (false, false);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut len = first.len_utf8();
        match first {
            '"' => quoted = !quoted,
            '\\' if quoted => {
                let (taken, whole) = escape(rest);
                if !whole {
                    changed = true;
                    out.push_str("\\ufffd");
                    rest = rest.get(taken..).unwrap_or_default();
                    continue;
                }
                len = taken;
            }
            control if quoted && control < ' ' => {
                changed = true;
                out.push_str("\\u00");
                for half in [u32::from(control) >> 4, u32::from(control) & 15] {
                    out.extend(char::from_digit(half, 16));
                }
                rest = rest.get(len..).unwrap_or_default();
                continue;
            }
            _ => {}
        }
        out.push_str(rest.get(..len).unwrap_or(rest));
        rest = rest.get(len..).unwrap_or_default();
    }
    changed.then_some(out)
}

/// How long the escape at the start is, and whether it is a whole letter.
fn escape(text: &str) -> (usize, bool) {
    let unit = |from: usize| {
        let digits = text.get(from..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    match unit(0) {
        Some(0xd800..=0xdbff) if matches!(unit(6), Some(0xdc00..=0xdfff)) => (12, true),
        Some(0xd800..=0xdfff) => (6, false),
        Some(_) => (6, true),
        None => (1 + text.chars().nth(1).map_or(0, char::len_utf8), true),
    }
}
