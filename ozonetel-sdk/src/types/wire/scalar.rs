//! Single values that the service writes as text, as a number, or not at all.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// A value that the service may write as text or as a number.
pub trait Scalar: Sized {
    /// Whether a text that cannot be read says "none", as `null` and the empty text do.
    fn is_nothing(text: &str) -> bool {
        let _ = text;
        false
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// What was expected instead.
    fn read(text: &str) -> Result<Self, &'static str>;
}

impl Scalar for String {
    fn read(text: &str) -> Result<Self, &'static str> {
        Ok(text.to_owned())
    }
}

impl Scalar for u32 {
    fn is_nothing(text: &str) -> bool {
        means_nothing(text)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        text.trim().parse().map_err(|_| "expected a whole number")
    }
}

impl Scalar for u64 {
    fn is_nothing(text: &str) -> bool {
        means_nothing(text)
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        text.trim().parse().map_err(|_| "expected a whole number")
    }
}

/// Words that back ends write for "none", compared without case.
const NOTHING: [&str; 6] = ["", "none", "null", "-", "na", "n/a"];

/// Whether a text says "none".
pub(crate) fn means_nothing(text: &str) -> bool {
    let text = text.trim();
    NOTHING.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Reads a [`Scalar`] from text, number, boolean or `null`.
pub(crate) struct Loose<T>(pub(crate) Option<T>);

struct LooseVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for LooseVisitor<T> {
    type Value = Loose<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or null")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Loose<T>, E> {
        if text.is_empty() {
            return Ok(Loose(None));
        }
        match T::read(text) {
            Ok(value) => Ok(Loose(Some(value))),
            Err(_) if T::is_nothing(text) => Ok(Loose(None)),
            Err(expected) => Err(E::custom(expected)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Loose<T>, E> {
        self.visit_str(itoa::Buffer::new().format(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Loose<T>, E> {
        self.visit_str(itoa::Buffer::new().format(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Loose<T>, E> {
        self.visit_str(&float_text(number))
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Loose<T>, E> {
        self.visit_str(if yes { "true" } else { "false" })
    }

    fn visit_unit<E: de::Error>(self) -> Result<Loose<T>, E> {
        Ok(Loose(None))
    }

    fn visit_none<E: de::Error>(self) -> Result<Loose<T>, E> {
        Ok(Loose(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Loose<T>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseVisitor(PhantomData))
    }
}

/// The same, and what cannot be read is kept: a bad value of a minor field must not cost the rest.
pub(crate) enum Kept<T> {
    Read(Option<T>),
    Other(Value),
}

struct KeptVisitor<T>(PhantomData<T>);

impl<T: Scalar> KeptVisitor<T> {
    fn of(value: Value) -> Kept<T> {
        match Loose::deserialize(&value) {
            Ok(read) => Kept::Read(read.0),
            Err(_) => Kept::Other(value),
        }
    }
}

impl<'de, T: Scalar> Visitor<'de> for KeptVisitor<T> {
    type Value = Kept<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Kept<T>, E> {
        let read = LooseVisitor(PhantomData).visit_str::<de::value::Error>(text);
        Ok(read.map_or_else(|_| Kept::Other(Value::from(text)), |read| Kept::Read(read.0)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Kept<T>, E> {
        let read = LooseVisitor(PhantomData).visit_u64::<de::value::Error>(number);
        Ok(read.map_or_else(|_| Kept::Other(Value::from(number)), |read| Kept::Read(read.0)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Kept<T>, E> {
        Ok(Self::of(Value::from(number)))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Kept<T>, E> {
        Ok(Self::of(Value::from(number)))
    }

    fn visit_bool<E: de::Error>(self, yes: bool) -> Result<Kept<T>, E> {
        Ok(Self::of(Value::from(yes)))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Kept<T>, E> {
        Ok(Kept::Read(None))
    }

    fn visit_none<E: de::Error>(self) -> Result<Kept<T>, E> {
        Ok(Kept::Read(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Kept<T>, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Kept<T>, A::Error> {
        Value::deserialize(de::value::SeqAccessDeserializer::new(list)).map(Kept::Other)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Kept<T>, A::Error> {
        Value::deserialize(de::value::MapAccessDeserializer::new(map)).map(Kept::Other)
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(KeptVisitor(PhantomData))
    }
}

/// The digits of a whole number that a float holds exactly: `30.0` occurs where integers are meant. A larger float may
/// have been rounded, and its digits are those of another number: by its sender from 2^53 up, by the reader of JSON,
/// whose last two bits are not exact, from 2^51 up.
pub(crate) fn exact_whole(number: f64) -> Option<String> {
    const ROUNDED: f64 = 2_251_799_813_685_248.0;
    (number.fract() == 0.0 && number.abs() < ROUNDED).then(|| format!("{number:.0}"))
}

/// A float as text: the digits of a whole number that it [holds exactly](exact_whole).
pub(crate) fn float_text(number: f64) -> String {
    match exact_whole(number) {
        Some(whole) => whole,
        // With the exponent it is no digits: a rounded number must not pass for an id.
        None if number.fract() == 0.0 => format!("{number:e}"),
        None => number.to_string(),
    }
}

/// For `#[serde(deserialize_with)]`: an optional scalar in any spelling.
pub(crate) fn loose<'de, T: Scalar, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Ok(Loose::deserialize(from)?.0)
}

/// For `#[serde(deserialize_with)]`: text that may arrive as a number; absent is empty.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Box<str>, D::Error> {
    Ok(Loose::<String>::deserialize(from)?.0.unwrap_or_default().into())
}

/// `"true"` and `"false"`: how most endpoints want a yes or a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YesNo(pub bool);

impl Scalar for YesNo {
    fn read(text: &str) -> Result<Self, &'static str> {
        // Anything but "true" leaves the option off, says the service's page.
        Ok(Self(text.eq_ignore_ascii_case("true")))
    }
}

impl Serialize for YesNo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if self.0 { "true" } else { "false" })
    }
}

impl<'de> Deserialize<'de> for YesNo {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Loose::deserialize(from)?.0.unwrap_or(Self(false)))
    }
}

/// A JSON boolean, which query strings and older pages write as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub bool);

impl Scalar for Flag {
    fn read(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            t if t.eq_ignore_ascii_case("true") || t == "1" => Ok(Self(true)),
            t if t.eq_ignore_ascii_case("false") || t == "0" => Ok(Self(false)),
            _ => Err("expected true or false"),
        }
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(self.0)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Loose::deserialize(from)?.0.ok_or_else(|| de::Error::custom("expected true or false"))
    }
}

/// For `#[serde(deserialize_with)]`: a nested part, which query strings and forms carry as JSON text.
pub(crate) fn nested<'de, T: de::DeserializeOwned, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    let read = match Value::deserialize(from)? {
        Value::String(text) => serde_json::from_str(&text),
        other => serde_json::from_value(other),
    };
    read.map_err(|_| de::Error::custom("expected JSON, or JSON as text"))
}

/// Names in one text, separated by commas.
pub(crate) fn commas<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<T> = names.into_iter().collect();
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}

/// An object's key, borrowed where the document allows it.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E: de::Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        from.deserialize_str(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Scalar>(json: &str) -> Option<T> {
        serde_json::from_str::<Loose<T>>(json).unwrap().0
    }

    #[test]
    fn one_value_in_every_spelling() {
        for json in ["7", "\"7\"", "7.0", "\" 7 \""] {
            assert_eq!(read::<u32>(json), Some(7), "{json}");
        }
        for json in ["null", "\"\"", "\"NA\"", "\"-\""] {
            assert_eq!(read::<u32>(json), None, "{json}");
        }
    }

    /// Three legs of one call became one row, and another call's id was printed.
    #[test]
    fn an_id_that_a_float_may_have_rounded_is_no_id() {
        use crate::types::ids::{CallId, Ucid};
        for json in [
            "7.0003617037413001e16",
            "9007199254740991.0",
            "9007199254740992.0",
            "9007199254740993.0",
            "70003617037413001.0",
            "99999999999999999999",
            "7.5",
            "-7.0",
            "\"7.0003617037413001e16\"",
            "\"7.0003617037413e+16\"",
            "\"70003617037413001.0\"",
            "\"7.0\"",
        ] {
            assert!(serde_json::from_str::<Loose<Ucid>>(json).is_err(), "{json}");
            assert!(serde_json::from_str::<Loose<CallId>>(json).is_err(), "{json}");
            assert!(serde_json::from_str::<Ucid>(json).is_err(), "{json}");
            let value: Value = serde_json::from_str(json).unwrap();
            assert!(serde_json::from_value::<Loose<Ucid>>(value).is_err(), "{json}");
        }
        for (json, want) in [
            ("7.0", "7"),
            ("225179981368524.0", "225179981368524"),
            ("9.0e14", "900000000000000"),
            ("70003617037413001", "70003617037413001"),
        ] {
            assert_eq!(read::<Ucid>(json).unwrap(), want);
            assert_eq!(serde_json::from_str::<Ucid>(json).unwrap(), want);
        }
        // A text that may be an id shows that it was rounded.
        assert_eq!(read::<String>("7.0003617037413001e16").unwrap(), "7.0003617037413e16");
    }

    /// A call that no one knew by the name `None` was lost with its row.
    #[test]
    fn a_word_for_none_is_no_id_and_not_an_error() {
        use crate::types::ids::{CallId, Ucid};
        for word in ["None", "none", "null", "NULL", "-", " - ", "NA", "n/a", "0", "00", " 0 "] {
            let text = Value::from(word).to_string();
            assert_eq!(read::<Ucid>(&text), None, "{word}");
            assert_eq!(read::<CallId>(&text), None, "{word}");
        }
        assert_eq!(
            (read::<Ucid>("0"), read::<Ucid>("null"), read::<Ucid>("0.0")),
            (None, None, None)
        );
        assert_eq!(read::<Ucid>("\"0001\"").unwrap(), "0001");
        for word in ["nothing", "--", "No", "1 None"] {
            let text = Value::from(word).to_string();
            assert!(serde_json::from_str::<Loose<Ucid>>(&text).is_err(), "{word}");
        }
    }

    #[test]
    fn a_dash_is_text_where_text_is_meant() {
        assert_eq!(read::<String>("\"-\""), Some("-".into()));
    }
}
