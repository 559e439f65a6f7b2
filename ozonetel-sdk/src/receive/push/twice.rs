//! Names that come twice in one object: both values are kept.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::key_name::is_key;
use super::ping::is_blank;

/// What follows the name of the other of two values.
pub(super) const SECOND: &str = "_first";

/// Puts a value under its name. Of two, the last that says something is there, and the other under the name and
/// `_first`, as in a row; of three or more, the first and the last. Nothing takes nothing away.
pub(super) fn put(fields: &mut Map<String, Value>, name: String, value: Value) {
    let Some(before) = fields.get_mut(&name) else {
        fields.insert(name, value);
        return;
    };
    if *before == value {
        return;
    }
    let other = if says_nothing(&value) && !says_nothing(before) {
        value
    } else {
        std::mem::replace(before, value)
    };
    let is_empty = match &other {
        Value::String(text) => text.trim().is_empty(),
        other => other.is_null(),
    };
    if !is_empty {
        // A key has to be known for one in its second place as well.
        let first = if is_key(&name) { format!("first.{name}") } else { format!("{name}{SECOND}") };
        fields.entry(first).or_insert(other);
    }
}

/// Whether a value is blank, or the text of an empty document.
fn says_nothing(value: &Value) -> bool {
    is_blank(value) || matches!(value.as_str().map(str::trim), Some("{}" | "[]"))
}

/// JSON as [`Value`] reads it, but for names that come twice: see [`put`].
pub(super) struct RepeatingJson(pub(super) Value);

impl<'de> Deserialize<'de> for RepeatingJson {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Read).map(Self)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(yes.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(RepeatingJson(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, RepeatingJson(value))) = entries.next_entry()? {
            put(&mut fields, name, value);
        }
        Ok(fields.into())
    }
}
