//! Pings: what the console sends to see whether a URL answers.

use serde_json::{Map, Value};

use crate::types::wire::means_nothing;

/// Most fields of a ping, and most bytes of one of its values.
const FIELDS: usize = 8;
const BYTES: usize = 64;

/// Digits in a row from which a value may be a call's id or a number.
const DIGITS: usize = 8;

/// Whether a value says nothing: it is absent, empty, or a word that means "none".
pub(crate) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => means_nothing(text),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// Whether an object is a ping: it names none of these fields, and nothing in it could be a call in another form.
pub(crate) fn is_ping(fields: &Map<String, Value>, known: &[&str]) -> bool {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let names = |name: &str| {
        let name = plain(name);
        name.ends_with("ucid") || name.ends_with("callid") || known.iter().any(|k| plain(k) == name)
    };
    // A name may be the whole document: `?{"monitorUCID":…}`.
    if !fields.keys().all(|name| is_harmless_text(name)) {
        return false;
    }
    if fields.values().all(is_blank) {
        return true;
    }
    fields.len() <= FIELDS
        && fields
            .iter()
            .all(|(name, value)| is_blank(value) || (!names(name) && is_harmless(value)))
}

/// Short, flat, and without an id or a document.
pub(super) fn is_harmless(value: &Value) -> bool {
    let text = match value {
        Value::Bool(_) => return true,
        Value::Number(number) => &*number.to_string(),
        Value::String(text) => text,
        _ => return false,
    };
    is_harmless_text(text)
}

fn is_harmless_text(text: &str) -> bool {
    let mut run = 0;
    let long = text.bytes().any(|byte| {
        run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        run >= DIGITS
    });
    text.len() <= BYTES && !long && !text.contains(['{', '[', '<', '%', '='])
}

#[cfg(test)]
mod tests;
