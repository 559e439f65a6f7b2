//! The names of a request's fields, asked of its own `Deserialize`: it says them before it takes a value.

use std::fmt;

use serde::de::value::Error as ValueError;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

/// The names, in the request's order; none if it takes fields of any name.
pub(super) fn of<T: DeserializeOwned>() -> Option<Vec<&'static str>> {
    let mut found = None;
    // It always fails: there is no value.
    let _ = T::deserialize(Names(&mut found));
    found
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
