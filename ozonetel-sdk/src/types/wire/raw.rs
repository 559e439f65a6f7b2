//! JSON that no type describes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A name as `Debug` shows it. Names come from the peer too, and one may be a whole document or a number: what looks like
/// either is not shown, and no more than a word of the rest.
pub(crate) fn shown_name(name: &str) -> Box<str> {
    let is_of_a_name = |c: char| c.is_alphanumeric() || " _-.[]:;$/~#".contains(c);
    if name.chars().filter(|c| c.is_numeric()).count() >= 5 || !name.chars().all(is_of_a_name) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_a_number_in_any_script_is_not_shown() {
        for name in
            ["9000000417", "\u{966}\u{967}\u{968}\u{969}\u{96a}", "\u{ff19}0\u{ff10}00 \u{ff14}"]
        {
            assert_eq!(&*shown_name(name), "…", "{name}");
        }
        for name in ["ucid", "Field 12", "\u{928}\u{930}\u{967}"] {
            assert_eq!(&*shown_name(name), name);
        }
    }
}
