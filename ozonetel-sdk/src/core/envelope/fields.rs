//! The fields of an envelope, by their names. Values stay JSON text until something asks for them: a payload is decoded
//! once, from its text.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::core::text;

/// An object's fields as they are in its text.
pub(super) type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Names of the accompanying text, in the order they are tried. Compared without case.
pub(crate) const TEXTS: [&str; 4] = ["message", "messages", "details", "msg"];

/// The fields of a text that is an object, each name once.
pub(super) fn object(text: &str) -> Option<Object<'_>> {
    let fields: Fields<'_> = serde_json::from_str(text).ok()?;
    (!fields.repeats).then_some(fields.object)
}

/// Whether a text is an object in which a name comes twice. JSON leaves open what that means, and whoever takes one of
/// the two drops the other: the rows of a first list, or the word that says no.
pub(crate) fn repeats(text: &str) -> bool {
    serde_json::from_str::<Fields<'_>>(text).is_ok_and(|fields| fields.repeats)
}

#[derive(Default)]
struct Fields<'a> {
    object: Object<'a>,
    repeats: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = map.next_entry()? {
                    fields.repeats |= fields.object.insert(name, value).is_some();
                }
                Ok(fields)
            }
        }
        from.deserialize_map(Read)
    }
}

/// Looks a key up without case; an exact spelling wins, unless it is empty and another is not.
pub(super) fn find<'a>(object: &Object<'a>, name: &str) -> Option<&'a RawValue> {
    let exact = object.get(name).copied();
    let given = |value: &&RawValue| !matches!(value.get(), "null" | "\"\"");
    exact.filter(given).or_else(|| {
        let spelled = object.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        spelled.map(|(_, value)| *value).find(given).or(exact)
    })
}

/// The status word, if there is one.
pub(super) fn status(object: &Object<'_>) -> Option<String> {
    find(object, "status").filter(|word| word.get() != "null").map(as_text)
}

/// The accompanying text; empty if there is none.
pub(super) fn text_of(object: &Object<'_>) -> String {
    let texts = TEXTS.iter().filter_map(|name| find(object, name));
    texts.map(as_text).find(|text| !text.is_empty()).unwrap_or_default()
}

/// A value as text; nothing is the empty text.
pub(super) fn as_text(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        quoted if quoted.starts_with('"') => unquoted(quoted).unwrap_or_default(),
        other => other.to_owned(),
    }
}

/// The text inside a value that is a text.
pub(super) fn as_str(value: &RawValue) -> Option<String> {
    value.get().starts_with('"').then(|| unquoted(value.get())).flatten()
}

fn unquoted(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted)
        .or_else(|_| serde_json::from_str(&text::repaired(quoted).unwrap_or_default()))
        .ok()
}

/// Whether a value is a list or an object.
pub(super) fn is_structured(value: &RawValue) -> bool {
    value.get().starts_with(['[', '{'])
}

/// The values under these keys, structured ones first.
pub(super) fn present<'o>(object: &Object<'o>, keys: &[&str]) -> Vec<&'o RawValue> {
    let values = keys.iter().filter_map(|key| find(object, key));
    let values = values.filter(|value| value.get() != "null");
    let (mut values, texts): (Vec<_>, Vec<_>) = values.partition(|value| is_structured(value));
    values.extend(texts);
    values
}
