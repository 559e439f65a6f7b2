//! Recorded answers taken apart: the payload, what stands around it, and their leaves.

use std::collections::BTreeSet;

use ozonetel_sdk::endpoint::{Payload, Spec};
use serde::Serialize;
use serde_json::{Map, Value};

/// An answer in two.
#[derive(Debug)]
pub struct Split {
    /// What the reply's type is to carry.
    pub payload: Value,
    /// The envelope.
    pub around: Value,
}

/// A scalar of a document, as text; nothing is the empty text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    /// Where it is.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// A reply as JSON text, for comparison and for messages.
pub fn json<T: Serialize>(reply: &T) -> String {
    value(reply).to_string()
}

/// A reply as JSON.
pub fn value<T: Serialize>(reply: &T) -> Value {
    serde_json::to_value(reply).expect("a reply encodes")
}

fn take(object: &mut Map<String, Value>, keys: &[&str], structured: bool) -> Option<Value> {
    let fits = |value: &Value| value.is_array() || value.is_object();
    let name = keys.iter().find_map(|key| {
        let found = object
            .iter()
            .find(|(name, value)| name.eq_ignore_ascii_case(key) && (!structured || fits(value)));
        found.filter(|(_, value)| !value.is_null()).map(|(name, _)| name.clone())
    })?;
    object.remove(&name)
}

/// Splits an answer as its description says.
pub fn split(spec: &Spec, document: &Value) -> Split {
    let mut around = document.as_object().cloned().unwrap_or_default();
    let mut at =
        |keys: &[&str]| take(&mut around, keys, true).or_else(|| take(&mut around, keys, false));
    let payload = match spec.envelope.payload {
        Payload::Whole | Payload::Plain | Payload::Xml | Payload::Open => {
            return Split { payload: document.clone(), around: Value::Object(Map::new()) };
        }
        Payload::Text => at(&["message", "messages", "details", "msg"]),
        Payload::RowsAt(keys) => at(keys).map(|rows| match rows {
            Value::Object(_) => Value::Array(vec![rows]),
            rows => rows,
        }),
        Payload::At(keys) | Payload::AtOrTop(keys) => at(keys).map(|payload| match payload {
            Value::Array(mut one) if one.len() == 1 => one.remove(0),
            payload => payload,
        }),
        Payload::JsonTextAt(keys) => at(keys).map(|payload| match &payload {
            Value::String(text) => serde_json::from_str(text).unwrap_or(payload),
            _ => payload,
        }),
    };
    Split { payload: payload.unwrap_or_default(), around: Value::Object(around) }
}

/// Every scalar of a value, with its path.
pub fn leaves(value: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut Vec<Leaf>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                walk(value, format!("{path}{dot}{name}"), found);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(item, format!("{path}[{at}]"), found);
            }
        }
        Value::Null => found.push(Leaf { path, text: String::new() }),
        Value::String(text) => found.push(Leaf { path, text: text.clone() }),
        other => found.push(Leaf { path, text: other.to_string() }),
    }
}

/// Whether a recorded leaf is among those that the type writes. What says nothing may be left out.
pub fn carried(spec: &Spec, leaf: &Leaf, kept: &BTreeSet<Leaf>) -> bool {
    let bare = matches!(spec.envelope.payload, Payload::JsonTextAt(_)) && leaf.path.is_empty();
    kept.contains(leaf)
        || (leaf.text.is_empty() && !kept.iter().any(|other| other.path == leaf.path))
        // A plain text where JSON text was expected is carried under a name of its own.
        || (bare && kept.iter().any(|other| other.text == leaf.text))
}
