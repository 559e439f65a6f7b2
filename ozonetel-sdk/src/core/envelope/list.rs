//! Lists in the forms in which back ends in PHP write them: as an object with numbers for names, or as JSON text.

use serde_json::{Map, Value};

use super::fields::present;
use crate::core::endpoint::{Payload, Spec};

/// The values that a payload can be meant as, the most literal one first.
pub(super) fn readings(spec: &Spec, value: &Value) -> Vec<Value> {
    let inner = value.as_str().and_then(structured);
    if let Payload::RowsAt(_) = spec.envelope.payload {
        return list(inner.as_ref().unwrap_or(value)).into_iter().collect();
    }
    let mut readings = vec![value.clone()];
    if let Value::Object(object) = inner.as_ref().unwrap_or(value) {
        readings.extend(numbered(object).map(Value::Array));
    }
    readings.extend(inner);
    readings
}

/// The rows of an answer that was not cut into rows as it arrived.
pub(crate) fn rows(spec: &Spec, document: &Map<String, Value>) -> Vec<Value> {
    let Payload::RowsAt(keys) = spec.envelope.payload else { return Vec::new() };
    let lists = present(document, keys).into_iter().flat_map(|value| readings(spec, value));
    match lists.into_iter().next() {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

/// A value as a list of rows: one object is one row. An empty object is nothing: no source shows that the service
/// writes an empty list so.
fn list(value: &Value) -> Option<Value> {
    match value {
        Value::Array(rows) => Some(Value::Array(rows.clone())),
        Value::Object(object) if object.is_empty() => None,
        Value::Object(object) => {
            Some(Value::Array(numbered(object).unwrap_or_else(|| vec![value.clone()])))
        }
        _ => None,
    }
}

/// The rows of an object that has numbers for names, in the order of the numbers.
fn numbered(object: &Map<String, Value>) -> Option<Vec<Value>> {
    let number = |name: &String| {
        name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse::<u32>().ok()).flatten()
    };
    let rows = object.iter().map(|(name, row)| Some((number(name)?, row)));
    let mut rows: Vec<(u32, &Value)> = rows.collect::<Option<_>>()?;
    rows.sort_by_key(|(at, _)| *at);
    (!rows.is_empty()).then(|| rows.into_iter().map(|(_, row)| row.clone()).collect())
}

/// The object or the list that a text holds.
fn structured(text: &str) -> Option<Value> {
    let value = serde_json::from_str::<Value>(text).ok()?;
    (value.is_array() || value.is_object()).then_some(value)
}
