//! Records whose texts are borrowed from the JSON text, and given a type when they are asked for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::scalar::{Loose, Scalar};
use crate::types::invalid::Invalid;

/// A field's value as it came: borrowed from the JSON text where it is a text without escapes, and not yet of type
/// `T`. `Debug` shows no value.
///
/// ```
/// use ozonetel_sdk::cdr::BorrowedCallRecord;
/// let row = BorrowedCallRecord::parse(r#"{"UCID":12345170000000099,"TalkTime":"00:01:49"}"#)?;
/// assert_eq!(row.talk_time.text().as_deref(), Some("00:01:49"));
/// assert_eq!(row.talk_time.read()?.map(|talk| talk.seconds()), Some(109));
/// assert_eq!(row.ucid.text().as_deref(), Some("12345170000000099"));
/// assert!(row.comments.text().is_none());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone)]
pub struct BorrowedValue<'a, T> {
    came: Came<'a>,
    is: PhantomData<fn() -> T>,
}

#[derive(Clone)]
enum Came<'a> {
    Nothing,
    Text(Cow<'a, str>),
    /// An unsigned number keeps its digits without an allocation.
    Whole(u64),
    Other(Box<Value>),
}

impl<T> Default for BorrowedValue<'_, T> {
    fn default() -> Self {
        Self { came: Came::Nothing, is: PhantomData }
    }
}

impl<T> BorrowedValue<'_, T> {
    /// The value as text, a number as its digits. `None` where the field is absent, `null`, or neither text nor
    /// number.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.came {
            Came::Text(text) => Some(Cow::Borrowed(text)),
            Came::Whole(number) => Some(Cow::Owned(number.to_string())),
            Came::Other(value) => match &**value {
                Value::Number(number) => Some(Cow::Owned(number.to_string())),
                Value::Bool(yes) => Some(Cow::Borrowed(if *yes { "true" } else { "false" })),
                _ => None,
            },
            Came::Nothing => None,
        }
    }

    /// Sets the value; nothing takes nothing away.
    #[inline]
    pub(crate) fn take(&mut self, value: Self) {
        let empty = match &value.came {
            Came::Nothing => true,
            Came::Text(text) => text.is_empty(),
            _ => false,
        };
        if self.is_absent() || !empty {
            *self = value;
        }
    }

    /// Whether the field is absent or `null`. An empty text is there.
    pub fn is_absent(&self) -> bool {
        matches!(self.came, Came::Nothing)
    }
}

impl<T: Scalar> BorrowedValue<'_, T> {
    /// The value in its type; `None` where it says "none", as in the record that owns its texts.
    ///
    /// # Errors
    /// A value that cannot be read. What came is [`text`](Self::text).
    pub fn read(&self) -> Result<Option<T>, Invalid> {
        let bad = |error: de::value::Error| Invalid::new("value", error.to_string());
        let read = match &self.came {
            Came::Nothing => return Ok(None),
            Came::Text(text) => Loose::deserialize(de::value::StrDeserializer::new(text)),
            Came::Whole(number) => Loose::deserialize(de::value::U64Deserializer::new(*number)),
            Came::Other(value) => {
                let read = Loose::deserialize(&**value);
                return read
                    .map(|read: Loose<T>| read.0)
                    .map_err(|error| Invalid::new("value", error.to_string()));
            }
        };
        read.map(|read: Loose<T>| read.0).map_err(bad)
    }
}

impl<T> fmt::Debug for BorrowedValue<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.came {
            Came::Nothing => "nothing",
            Came::Text(_) => "a text",
            Came::Whole(_) => "a number",
            Came::Other(_) => "a value",
        })
    }
}

impl<'de: 'a, 'a, T> Deserialize<'de> for BorrowedValue<'a, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self { came: from.deserialize_any(Read)?, is: PhantomData })
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Came<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Came<'de>, E> {
        Ok(Came::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Came<'de>, E> {
        Ok(Came::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Came<'de>, E> {
        Ok(Came::Whole(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Came<'de>, E> {
        Ok(Came::Other(Box::new(Value::from(number))))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Came<'de>, E> {
        Ok(Came::Other(Box::new(Value::from(number))))
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Came<'de>, E> {
        Ok(Came::Other(Box::new(Value::Bool(yes))))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Came<'de>, E> {
        Ok(Came::Nothing)
    }

    fn visit_none<E: de::Error>(self) -> Result<Came<'de>, E> {
        Ok(Came::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Came<'de>, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Came<'de>, A::Error> {
        let value = Value::deserialize(de::value::SeqAccessDeserializer::new(list))?;
        Ok(Came::Other(Box::new(value)))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Came<'de>, A::Error> {
        let value = Value::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(Came::Other(Box::new(value)))
    }
}

/// Makes the record whose texts are borrowed; see [`record!`](super::record).
macro_rules! borrowed {
    ($name:ident, $borrowed:ident {
        $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $wire:literal $(| $alt:literal)* $(or $keep:ident)? ),+ $(,)?
    }) => {
        #[doc = concat!(
            "A [`", stringify!($name), "`] whose texts are borrowed from the row's JSON text, each field given its type \
             when it is asked for. It takes about three quarters of the time, and no allocation for a row as the service writes it.\n\n",
            "Of a name that is there twice the last value counts that says something; [`to_record`](Self::to_record) keeps both. `Debug` shows the names of the fields only."
        )]
        #[non_exhaustive]
        pub struct $borrowed<'a> {
            $( $(#[$fmeta])* #[doc = concat!("\n\nOn the wire: `", $wire, "`.")]
            pub $field: crate::types::wire::BorrowedValue<'a, $ty>, )+
            /// Fields that this type does not name, as they came.
            pub extra: crate::types::wire::Extra,
            json: &'a str,
        }

        impl<'a> $borrowed<'a> {
            /// Parses a row's JSON text.
            ///
            /// # Errors
            /// A text that is not a JSON object.
            pub fn parse(json: &'a str) -> Result<Self, crate::types::invalid::Invalid> {
                let row: Result<Self, serde_json::Error> = serde_json::from_str(json);
                let bad = |_| crate::types::invalid::Invalid::new("row", "is not a JSON object");
                let mut row = row.map_err(bad)?;
                row.set_text(json);
                Ok(row)
            }

            /// The row's JSON text.
            pub fn json(&self) -> &'a str {
                self.json
            }

            /// The record that owns its texts.
            ///
            /// # Errors
            /// A value that costs the row: it cannot be read, and figures depend on it.
            pub fn to_record(&self) -> Result<$name, crate::types::invalid::Invalid> {
                let bad = |error: serde_json::Error| {
                    crate::types::invalid::Invalid::new("row", error.to_string())
                };
                serde_json::from_str(self.json).map_err(bad)
            }

            /// The fields' names and their values as texts, in the order of the service's page; see
            /// [`BorrowedValue::text`](crate::types::wire::BorrowedValue::text).
            pub fn texts(&self) -> impl Iterator<Item = (&'static str, Option<std::borrow::Cow<'_, str>>)> {
                [$( ($wire, self.$field.text()) ),+].into_iter()
            }

            /// Keeps the text that it was parsed from.
            pub(crate) fn set_text(&mut self, json: &'a str) {
                self.json = json;
            }
        }

        impl std::fmt::Debug for $borrowed<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut names = f.debug_set();
                $( if !self.$field.is_absent() { names.entry(&$wire); } )+
                names.entries(self.extra.0.keys()).finish()
            }
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $borrowed<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Read;
                impl<'de> serde::de::Visitor<'de> for Read {
                    type Value = $borrowed<'de>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$borrowed<'de>, A::Error> {
                        #[allow(non_camel_case_types)]
                        #[derive(Clone, Copy)]
                        enum Field { $( $field ),+ }
                        static NAMES: crate::types::wire::NameTable<Field> =
                            crate::types::wire::NameTable::of(&[
                                $( ($wire, Field::$field), $( ($alt, Field::$field), )* )+
                            ]);
                        let mut out = $borrowed {
                            $( $field: crate::types::wire::BorrowedValue::default(), )+
                            extra: crate::types::wire::Extra::default(),
                            json: "",
                        };
                        while let Some(key) = map.next_key::<crate::types::wire::Key<'de>>()? {
                            match NAMES.find(&key.0) {
                                $( Some(Field::$field) => out.$field.take(map.next_value()?), )+
                                None => { out.extra.0.insert(key.0.into_owned(), map.next_value()?); }
                            }
                        }
                        Ok(out)
                    }
                }
                from.deserialize_map(Read)
            }
        }
    };
}

pub(crate) use borrowed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ids::Ucid;

    #[test]
    fn a_value_is_read_in_every_spelling_as_the_owned_one_is() {
        for json in [
            "7",
            "\"7\"",
            "7.0",
            "-7",
            "\" 7 \"",
            "null",
            "\"\"",
            "\"NA\"",
            "true",
            "[7]",
            "{\"a\":7}",
            "7.5",
            "99999999999999999999",
            "\"\\u0037\"",
            "\"7\\n\"",
            "18446744073709551615",
        ] {
            let borrowed: BorrowedValue<'_, Ucid> = serde_json::from_str(json).unwrap();
            let owned = serde_json::from_str::<Loose<Ucid>>(json).ok().map(|read| read.0);
            assert_eq!(borrowed.read().ok(), owned, "{json}");
        }
    }

    #[test]
    fn what_came_is_its_text_and_borrowed_where_it_can_be() {
        let text = |json| {
            let value: BorrowedValue<'_, String> = serde_json::from_str(json).unwrap();
            value.text().map(Cow::into_owned)
        };
        for (json, want) in [
            ("\"a\\nb\"", Some("a\nb")),
            ("\"\"", Some("")),
            ("12345170000000099", Some("12345170000000099")),
            ("-1.5", Some("-1.5")),
            ("false", Some("false")),
            ("null", None),
            ("[1]", None),
        ] {
            assert_eq!(text(json).as_deref(), want, "{json}");
        }
        let json = r#""agent01""#;
        let value: BorrowedValue<'_, String> = serde_json::from_str(json).unwrap();
        assert!(matches!(value.came, Came::Text(Cow::Borrowed("agent01"))));
        assert_eq!(format!("{value:?}"), "a text");
    }
}
