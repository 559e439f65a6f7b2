//! JSON that no type describes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A name as `Debug` shows it. Names come from the peer too, and one may be a whole document or a number: what looks like
/// either is not shown, and no more than a word of the rest.
pub(crate) fn shown_name(name: &str) -> Box<str> {
    let is_of_a_name = |c: char| c.is_alphanumeric() || " _-.[]:;$/~#".contains(c);
    if name.bytes().filter(u8::is_ascii_digit).count() >= 5 || !name.chars().all(is_of_a_name) {
        return "…".into();
    }
    name.chars().take(48).collect()
}

/// Fields that the type does not name, kept as they came. `Debug` shows their names only.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extra(pub BTreeMap<String, Value>);

impl Extra {
    /// One field by its name on the wire.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether every field was known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(|name| shown_name(name))).finish()
    }
}

/// A document whose shape no source shows, as it came. `Debug` shows the names at its top only.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawJson(pub Value);

impl RawJson {
    /// A field of the document, if it is an object.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::Object(fields) => {
                f.debug_set().entries(fields.keys().map(|name| shown_name(name))).finish()
            }
            Value::Array(items) => write!(f, "RawJson({} items)", items.len()),
            _ => f.write_str("RawJson"),
        }
    }
}
