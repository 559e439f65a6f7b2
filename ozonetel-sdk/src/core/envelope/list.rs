//! Lists in the forms in which back ends in PHP write them: as an object with numbers for names, or as JSON text.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::answer::{Answer, PAYLOAD};
use super::fields::{self, Object, as_str, present};
use crate::core::endpoint::Payload;

/// The JSON texts that a payload can be meant as, the most literal one first.
pub(super) fn readings<'a>(answer: &Answer<'_>, value: &'a RawValue) -> Vec<Cow<'a, str>> {
    let inner = as_str(value).filter(|text| is_structured(text));
    let inner = inner.filter(|text| answer.is_within(text, PAYLOAD));
    if let Payload::RowsAt(_) = answer.spec.envelope.payload {
        return match inner {
            Some(inner) => list(&inner).map(|list| Cow::Owned(list.into_owned())),
            None => list(value.get()),
        }
        .into_iter()
        .collect();
    }
    let mut readings = vec![Cow::Borrowed(value.get())];
    readings.extend(numbered(inner.as_deref().unwrap_or(value.get())).map(Cow::Owned));
    readings.extend(inner.map(Cow::Owned));
    readings
}

/// The rows of an answer that was not cut into rows as it arrived.
pub(crate) fn rows(answer: &Answer<'_>) -> Vec<String> {
    let Payload::RowsAt(keys) = answer.spec.envelope.payload else { return Vec::new() };
    let Some(object) = fields::object(answer.text) else { return Vec::new() };
    let list = present(&object, keys).into_iter().flat_map(|value| readings(answer, value)).next();
    let rows = list.and_then(|list| {
        let rows = serde_json::from_str::<Vec<&RawValue>>(&list).ok()?;
        Some(rows.into_iter().map(|row| row.get().to_owned()).collect())
    });
    rows.unwrap_or_default()
}

/// A value as a list of rows: one object is one row. An empty object is nothing: no source shows that the service
/// writes an empty list so.
fn list(json: &str) -> Option<Cow<'_, str>> {
    if json.starts_with('[') {
        return Some(Cow::Borrowed(json));
    }
    fields::object(json).filter(|object| !object.is_empty())?;
    Some(Cow::Owned(numbered(json).unwrap_or_else(|| format!("[{json}]"))))
}

/// The rows of an object that has numbers for names, as a list in the order of the numbers.
fn numbered(json: &str) -> Option<String> {
    let object: Object<'_> = json.starts_with('{').then(|| fields::object(json)).flatten()?;
    let number = |name: &str| {
        name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse::<u32>().ok()).flatten()
    };
    let rows = object.iter().map(|(name, row)| Some((number(name)?, row.get())));
    let mut rows: Vec<(u32, &str)> = rows.collect::<Option<_>>()?;
    rows.sort_by_key(|(at, _)| *at);
    let rows: Vec<&str> = rows.into_iter().map(|(_, row)| row).collect();
    (!rows.is_empty()).then(|| format!("[{}]", rows.join(",")))
}

/// Whether a text is an object or a list.
fn is_structured(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
