//! What the reader of pushes needs of each kind of push, and records from and to plain fields.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::PushError;
use super::{ping, repair};
use crate::types::wire::Extra;

/// Keeps [`PushPayload`] to this crate.
pub trait Sealed {}

/// What [`PushReader::read`](super::PushReader::read) can read: [`Callback`](super::Callback), [`PushEvent`](super::PushEvent), [`ScreenPop`](super::ScreenPop), and KooKoo's
/// [`Request`](crate::receive::kookoo::IvrRequest) and [`Status`](crate::receive::kookoo::OutboundCallStatus). Not to be implemented elsewhere.
pub trait PushPayload: Sealed + Sized {
    #[doc(hidden)]
    const FLAT: bool;

    #[doc(hidden)]
    fn is_ping(fields: &Map<String, Value>) -> bool;

    #[doc(hidden)]
    fn from_fields(fields: Map<String, Value>) -> Result<Self, PushError>;
}

/// A record that keeps what it cannot read.
pub(crate) trait Keeps: DeserializeOwned {
    fn extra(&mut self) -> &mut Extra;
}

/// Plain fields into a record. A push comes once, so a field that cannot be read does not cost the rest: it is
/// repaired, or absent with its value in `extra` under its name and `_text`. An id that is none is an error.
pub(crate) fn decode<T: Keeps>(fields: Map<String, Value>) -> Result<T, PushError> {
    if let Ok(record) = T::deserialize(&Value::Object(fields.clone())) {
        return Ok(record);
    }
    let mut read = Map::new();
    let mut kept = Vec::new();
    for (name, value) in fields {
        match one_field::<T>(&name, value) {
            Ok((name, value)) => _ = read.insert(name, value),
            Err((_, value)) if is_id(&name) && ping::is_blank(&value) => {}
            Err((error, _)) if is_id(&name) => return Err(error),
            Err((_, value)) => kept.push((name + "_text", value)),
        }
    }
    let mut record: T = whole(Value::Object(read))?;
    for (name, value) in kept {
        record.extra().0.entry(name).or_insert(value);
    }
    Ok(record)
}

type Unreadable = (PushError, Value);

/// A field by itself, repaired where that makes it readable.
fn one_field<T: Keeps>(name: &str, value: Value) -> Result<(String, Value), Unreadable> {
    let alone = |value: Value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
    match whole::<T>(alone(value.clone())) {
        Ok(_) => Ok((name.to_owned(), value)),
        Err(error) => {
            let repaired = repair::time_text(&value).map(Value::from).filter(|_| !is_id(name));
            match repaired.filter(|text| whole::<T>(alone(text.clone())).is_ok()) {
                Some(text) => Ok((name.to_owned(), text)),
                None => Err((error, value)),
            }
        }
    }
}

fn whole<T: DeserializeOwned>(fields: Value) -> Result<T, PushError> {
    serde_path_to_error::deserialize(fields).map_err(|error| {
        let field = error.path().to_string();
        PushError::field(&field, error.inner().to_string())
    })
}

/// Whether a field says which call or leg it is.
fn is_id(name: &str) -> bool {
    let letters = name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    let name: Vec<u8> = letters.collect();
    [&b"ucid"[..], b"monitorucid", b"callid"].contains(&&*name)
}

/// A record into plain fields, absent ones left out.
pub(crate) fn encode<T: Serialize>(record: &T) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(mut fields)) => {
            fields.retain(|_, value| !value.is_null());
            fields
        }
        _ => Map::new(),
    }
}
