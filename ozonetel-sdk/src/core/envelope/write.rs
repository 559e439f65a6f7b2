//! The other direction: what an answer looks like on the wire, for servers such as the simulator.

use serde_json::{Map, Value};

use super::fields;
use super::words::Word;
use super::{Outcome, inner_word, is_plain_success};
use crate::core::endpoint::{Payload, Reply, Spec};

/// Writes the answer that the client parses: for simulators and tests.
///
/// `failure` is the status word of a refusal.
pub fn write<T: Reply>(spec: &Spec, outcome: &Outcome<T>, failure: &str) -> Vec<u8> {
    let payload = match outcome {
        Outcome::Done(reply) => serde_json::to_value(reply).unwrap_or_default(),
        Outcome::Empty => match T::none() {
            Some(none) if spec.envelope.empty_messages.is_empty() => {
                serde_json::to_value(none).unwrap_or_default()
            }
            _ => {
                return write_text(
                    spec,
                    failure,
                    spec.envelope.empty_messages.first().copied().unwrap_or_default(),
                );
            }
        },
        Outcome::Refused(refusal) => return write_text(spec, failure, refusal.message()),
    };
    let mut object = Map::new();
    match (spec.envelope.payload, payload) {
        (Payload::Plain, text) => return as_text(&text).into_bytes(),
        (Payload::Text, text) => drop(object.insert("message".into(), text)),
        (Payload::Open, document) => return serde_json::to_vec(&document).unwrap_or_default(),
        (Payload::Whole | Payload::Xml, Value::Object(fields)) => object = fields,
        (Payload::Whole | Payload::Xml, other) => drop(object.insert("message".into(), other)),
        (Payload::At(keys) | Payload::AtOrTop(keys) | Payload::RowsAt(keys), payload) => {
            drop(object.insert(keys.first().copied().unwrap_or("message").into(), payload));
        }
        (Payload::JsonTextAt(keys), payload) => {
            let key = keys.first().copied().unwrap_or("message");
            // As text it would be read as a refusal: an inner outcome counts more than the one around it.
            let text = payload.to_string();
            let inner = fields::object(&text);
            let structured = inner.is_some_and(|inner| inner_word(&inner) != Some(Word::Success));
            let payload = if structured { payload } else { Value::from(text) };
            drop(object.insert(key.into(), payload));
        }
    }
    if let (Some(good), false) =
        (spec.envelope.success_words.first(), object.contains_key("status"))
    {
        object.insert("status".into(), Value::from(*good));
    }
    finish(spec, &object)
}

/// A refusal. A text that would be read as something else goes inside an object of its own.
fn write_text(spec: &Spec, failure: &str, text: &str) -> Vec<u8> {
    let object = |text: &str| {
        let mut object = Map::new();
        object.insert("status".into(), Value::from(failure));
        object.insert("message".into(), Value::from(text));
        object
    };
    match spec.envelope.payload {
        Payload::Plain if is_plain_refusal(spec, text) => text.as_bytes().to_vec(),
        Payload::Plain => {
            let object = Map::from_iter([("msg".to_owned(), Value::from(text))]);
            serde_json::to_vec(&object).unwrap_or_default()
        }
        Payload::JsonTextAt(_) if is_object(text) => {
            let inner = Value::Object(object(text)).to_string();
            finish(spec, &object(&inner))
        }
        _ => finish(spec, &object(text)),
    }
}

/// A value as text; nothing is the empty text.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether a text on its own is read as a refusal with this text.
fn is_plain_refusal(spec: &Spec, text: &str) -> bool {
    !text.is_empty()
        && text == text.trim()
        && !text.starts_with('<')
        && text.len() <= 1000
        && !is_plain_success(spec, text)
        && !is_object(text)
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(text).is_ok()
}

/// What XML cannot hold is written as JSON; it is read where XML is expected, too.
fn finish(spec: &Spec, object: &Map<String, Value>) -> Vec<u8> {
    if spec.envelope.payload != Payload::Xml || !object.iter().all(fits_xml) {
        return serde_json::to_vec(object).unwrap_or_default();
    }
    let mut writer = quick_xml::Writer::new(Vec::new());
    let written = writer.create_element("response").write_inner_content(|inner| {
        for (name, value) in object {
            let text = as_text(value);
            inner
                .create_element(name.as_str())
                .write_text_content(quick_xml::events::BytesText::new(&text))?;
        }
        Ok(())
    });
    match written {
        Ok(_) => writer.into_inner(),
        Err(_) => Vec::new(),
    }
}

/// Whether a field is read back from an element as it is: a plain name, and a text without blanks around it.
fn fits_xml((name, value): (&String, &Value)) -> bool {
    let mut letters = name.chars();
    let named = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    let text = value.as_str();
    let whole = text.map_or(value.is_null(), |text| text == text.trim() && !text.contains(is_lost));
    named && whole
}

/// Characters that an XML document cannot hold, or that its reader changes.
fn is_lost(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{fffe}' | '\u{ffff}')
}
