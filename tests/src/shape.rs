//! Shapes: which paths a document has, and which JSON types stand there.

use std::collections::{BTreeMap, BTreeSet};

use ozonetel_sdk::endpoint::{Payload, Spec};
use serde_json::Value;

/// Path → types, the items of a list taken together. `null` says nothing about a type.
pub type Shape = BTreeMap<String, BTreeSet<&'static str>>;

/// The shape of an answer; JSON inside a text counts as JSON.
pub fn shape(spec: &Spec, document: &Value) -> Shape {
    let mut document = document.clone();
    if let (Payload::JsonTextAt(keys), Some(object)) =
        (spec.envelope.payload, document.as_object_mut())
    {
        for key in keys {
            let inner = object.get(*key).and_then(Value::as_str);
            if let Some(inner) = inner.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
                object.insert((*key).to_owned(), inner);
            }
        }
    }
    let mut found = Shape::new();
    walk(&document, "", &mut found);
    found
}

fn walk(value: &Value, path: &str, found: &mut Shape) {
    let types = found.entry(path.to_owned()).or_default();
    match value {
        Value::Null => {}
        Value::Bool(_) => drop(types.insert("boolean")),
        Value::Number(_) => drop(types.insert("number")),
        Value::String(_) => drop(types.insert("text")),
        Value::Array(items) => {
            types.insert("list");
            for item in items {
                walk(item, &format!("{path}[]"), found);
            }
        }
        Value::Object(fields) => {
            types.insert("object");
            for (name, value) in fields {
                walk(value, &format!("{path}/{name}"), found);
            }
        }
    }
}

/// How two shapes differ, in words; nothing if they do not.
pub fn differences(recorded: &Shape, other: &Shape) -> Vec<String> {
    let mut out = Vec::new();
    for path in recorded.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
        match (recorded.get(path), other.get(path)) {
            (Some(mine), Some(theirs)) => {
                // A field that is only ever null tells no type.
                if mine != theirs && !mine.is_empty() && !theirs.is_empty() {
                    out.push(format!("{path} is {mine:?} in the recording, {theirs:?} here"));
                }
            }
            (Some(_), None) => out.push(format!("{path} is missing")),
            (None, Some(_)) => out.push(format!("{path} is not in the recording")),
            (None, None) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::cdr::FetchDay;
    use ozonetel_sdk::endpoint::Endpoint as _;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_key_and_another_type_are_differences_and_null_is_not() {
        let of = |value| shape(&FetchDay::SPEC, &value);
        let recorded = of(json!({"details": [{"a": 1, "b": null}, {"a": 2, "b": "x"}]}));
        assert_eq!(differences(&recorded, &of(json!({"details": [{"a": 3, "b": null}]}))), [""; 0]);
        let other = of(json!({"details": [{"a": "1", "c": 1}]}));
        assert_eq!(
            differences(&recorded, &other),
            [
                "/details[]/a is {\"number\"} in the recording, {\"text\"} here",
                "/details[]/b is missing",
                "/details[]/c is not in the recording"
            ]
        );
    }
}
