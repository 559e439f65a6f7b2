//! The fields of an envelope, by their names.

use serde_json::{Map, Value};

/// Names of the accompanying text, in the order they are tried. Compared without case.
pub(super) const TEXTS: [&str; 4] = ["message", "messages", "details", "msg"];

/// Looks a key up without case; an exact spelling wins, unless it is empty and another is not.
pub(crate) fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let exact = object.get(name);
    let given = |value: &&Value| !value.is_null() && value.as_str() != Some("");
    exact.filter(given).or_else(|| {
        let spelled = object.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        spelled.map(|(_, value)| value).find(given).or(exact)
    })
}

/// The status word, if there is one.
pub(super) fn status(object: &Map<String, Value>) -> Option<String> {
    find(object, "status").filter(|word| !word.is_null()).map(as_text)
}

/// The accompanying text; empty if there is none.
pub(super) fn text_of(object: &Map<String, Value>) -> String {
    let texts = TEXTS.iter().filter_map(|name| find(object, name));
    texts.map(as_text).find(|text| !text.is_empty()).unwrap_or_default()
}

/// A value as text; nothing is the empty text.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The values under these keys, structured ones first.
pub(super) fn present<'o>(object: &'o Map<String, Value>, keys: &[&str]) -> Vec<&'o Value> {
    let values = keys.iter().filter_map(|key| find(object, key)).filter(|value| !value.is_null());
    let (mut values, texts): (Vec<_>, Vec<_>) =
        values.partition(|value| value.is_array() || value.is_object());
    values.extend(texts);
    values
}
