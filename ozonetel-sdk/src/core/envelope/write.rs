//! The other direction: what an answer looks like on the wire, for servers such as the simulator.

use serde_json::{Map, Value};

use super::{Outcome, as_text};
use crate::core::endpoint::{Payload, Reply, Spec};

/// Writes the answer that [`read`] reads: for simulators and tests.
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
        (Payload::At(keys) | Payload::RowsAt(keys), payload) => {
            drop(object.insert(keys.first().copied().unwrap_or("message").into(), payload));
        }
        (Payload::JsonTextAt(keys), payload) => {
            let key = keys.first().copied().unwrap_or("message");
            drop(object.insert(key.into(), Value::from(payload.to_string())));
        }
    }
    if let (Some(good), false) =
        (spec.envelope.success_words.first(), object.contains_key("status"))
    {
        object.insert("status".into(), Value::from(*good));
    }
    finish(spec, &object)
}

fn write_text(spec: &Spec, failure: &str, text: &str) -> Vec<u8> {
    if spec.envelope.payload == Payload::Plain {
        return text.as_bytes().to_vec();
    }
    let mut object = Map::new();
    object.insert("status".into(), Value::from(failure));
    object.insert("message".into(), Value::from(text));
    finish(spec, &object)
}

fn finish(spec: &Spec, object: &Map<String, Value>) -> Vec<u8> {
    if spec.envelope.payload != Payload::Xml {
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
