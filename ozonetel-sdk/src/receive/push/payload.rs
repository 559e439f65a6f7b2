//! What the reader of pushes needs of each kind of push, and records from and to plain fields.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::PushError;

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

/// Plain fields into a record; an error names the field.
pub(crate) fn decode<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, PushError> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let field = error.path().to_string();
        PushError::field(&field, error.inner().to_string())
    })
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
