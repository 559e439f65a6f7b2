//! The names of a request's fields, asked of its own `Deserialize`: it says them before it takes a value.

use std::fmt;

use serde::de::value::Error as ValueError;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_json::{Map, Value};

/// The names, in the request's order; none if it takes fields of any name.
pub(super) fn of<T: DeserializeOwned>() -> Option<Vec<&'static str>> {
    let mut found = None;
    // It always fails: there is no value.
    let _ = T::deserialize(Names(&mut found));
    found
}

/// Values of the kinds that fields have, to see which are missing.
const TRIED: [&str; 8] =
    ["\"1\"", "1", "true", "[]", "{}", "\"2026-01-02 00:00:00\"", "\"2026-01-02\"", "[{}]"];

/// The names without which there is no request, found by leaving them out; none if that cannot be found out.
pub(super) fn required<T: DeserializeOwned>() -> Option<Vec<String>> {
    let mut given = Map::new();
    let mut names: Vec<String> = Vec::new();
    let mut untried = TRIED.iter();
    loop {
        let Err(error) = serde_json::from_value::<T>(Value::Object(given.clone())) else {
            return Some(names);
        };
        let error = error.to_string();
        let missing = error.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        if let Some(name) = missing.filter(|name| !given.contains_key(*name)) {
            names.push(name.to_owned());
            untried = TRIED.iter();
        }
        // The value that the last one has been given is not of its kind.
        let value = serde_json::from_str(untried.next()?).ok()?;
        given.insert(names.last()?.clone(), value);
    }
}

struct Names<'n>(&'n mut Option<Vec<&'static str>>);

#[derive(Debug)]
struct NoValue;

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value")
    }
}

fn nothing<T>() -> Result<T, ValueError> {
    Err(de::Error::custom(NoValue))
}

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = ValueError;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ValueError> {
        *self.0 = Some(fields.to_vec());
        nothing()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ValueError> {
        nothing()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}
