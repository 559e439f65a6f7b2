//! Records: flat objects of loose scalars that keep what they do not name.

/// Makes a record type: every field optional, every scalar in any spelling, unknown fields kept in `extra`.
///
/// A field whose bad values must not cost the record is followed by `or text`: it is then absent, and what came is
/// in `extra` under its name and `_text`.
///
/// Written out instead of derived because `serde(flatten)` buffers a whole row before it decodes the first field.
///
/// `borrowed B;` in front makes `B` as well: the same record with its texts borrowed from the JSON text.
macro_rules! record {
    (borrowed $borrowed:ident; $(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* }) => {
        crate::types::wire::record! { $(#[$meta])* pub struct $name { $($fields)* } }
        crate::types::wire::borrowed! { $name, $borrowed { $($fields)* } }
    };
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $wire:literal $(| $alt:literal)* $(or $keep:ident)? ),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$fmeta])* #[doc = concat!("\n\nOn the wire: `", $wire, "`.")] pub $field: Option<$ty>, )+
            /// Fields that this type does not name, as they came.
            pub extra: crate::types::wire::Extra,
        }

        impl $name {
            /// The fields as the service spells them, in the order of its page.
            pub const FIELDS: &'static [&'static str] = &[$($wire),+];
        }

        impl crate::types::wire::FillGaps for $name {
            fn fill_gaps(&mut self, from: &Self) -> bool {
                let mut filled = false;
                $( if self.$field.is_none() && from.$field.is_some() {
                    self.$field.clone_from(&from.$field);
                    filled = true;
                } )+
                for (name, value) in &from.extra.0 {
                    if !self.extra.0.contains_key(name) {
                        self.extra.0.insert(name.clone(), value.clone());
                        filled = true;
                    }
                }
                filled
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut out = f.debug_struct(stringify!($name));
                $( if let Some(value) = &self.$field { out.field(stringify!($field), value); } )+
                if !self.extra.is_empty() { out.field("extra", &self.extra); }
                out.finish()
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut out = to.serialize_map(Some(Self::FIELDS.len() + self.extra.0.len()))?;
                $( out.serialize_entry($wire, &self.$field)?; )+
                for (name, value) in &self.extra.0 { out.serialize_entry(name, value)?; }
                out.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Read;
                impl<'de> serde::de::Visitor<'de> for Read {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        #[allow(non_camel_case_types)]
                        #[derive(Clone, Copy)]
                        enum Field { $( $field ),+ }
                        static NAMES: crate::types::wire::NameTable<Field> =
                            crate::types::wire::NameTable::of(&[
                                $( ($wire, Field::$field), $( ($alt, Field::$field), )* )+
                            ]);
                        let mut out = $name::default();
                        while let Some(key) = map.next_key::<crate::types::wire::Key<'de>>()? {
                            match NAMES.find(&key.0) {
                                $( Some(Field::$field) => {
                                    let value = crate::types::wire::field!(map, out, $wire, $ty $(, $keep)?);
                                    crate::types::wire::put(&mut out.$field, value, &mut out.extra, $wire);
                                } )+
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

pub(crate) use record;

/// Reads the value of a field; one that may be kept as text goes to `extra` where it cannot be read.
macro_rules! field {
    ($map:ident, $out:ident, $wire:literal, $ty:ty) => {
        $map.next_value::<crate::types::wire::Loose<$ty>>()?.0
    };
    ($map:ident, $out:ident, $wire:literal, $ty:ty, text) => {
        match $map.next_value::<crate::types::wire::Kept<$ty>>()? {
            crate::types::wire::Kept::Read(value) => value,
            crate::types::wire::Kept::Other(other) => {
                $out.extra.0.entry(concat!($wire, "_text").to_owned()).or_insert(other);
                None
            }
        }
    };
}

pub(crate) use field;

/// Sets a field. Nothing takes nothing away; a value before another one is kept in `extra`, under the field's name and
/// `_first`.
#[inline]
pub(crate) fn put<T: PartialEq + serde::Serialize>(
    field: &mut Option<T>,
    value: Option<T>,
    extra: &mut crate::types::wire::Extra,
    name: &str,
) {
    let Some(value) = value else { return };
    if field.is_none() {
        *field = Some(value);
    } else {
        put_again(field, value, extra, name);
    }
}

/// Sets a field that was there before.
#[cold]
fn put_again<T: PartialEq + serde::Serialize>(
    field: &mut Option<T>,
    value: T,
    extra: &mut crate::types::wire::Extra,
    name: &str,
) {
    if let Some(first) = field.replace(value)
        && field.as_ref() != Some(&first)
        && let Ok(first) = serde_json::to_value(&first)
    {
        extra.0.entry(format!("{name}_first")).or_insert(first);
    }
}

/// A record that takes what it lacks from another state of the same thing.
pub(crate) trait FillGaps {
    /// Fills absent fields. Whether there was any to fill.
    fn fill_gaps(&mut self, from: &Self) -> bool;
}

#[cfg(test)]
#[allow(unreachable_pub, missing_docs)]
mod tests {
    use crate::types::ids::Ucid;
    use crate::types::wire::{ClockDuration, Day, FillGaps, SensitiveText};

    record! {
        /// A row.
        pub struct Row {
            /// The leg.
            ucid: Ucid = "UCID",
            /// Conversation.
            talk: ClockDuration = "TalkTime",
            /// Words.
            comments: SensitiveText = "Comments" | "comments",
            /// A day.
            day: Day = "CallDate" or text,
        }
    }

    #[test]
    fn a_name_that_comes_twice_drops_no_value() {
        let text = r#"{"UCID":7,"Comments":"one","comments":"","UCID":null,"Comments":"two"}"#;
        let row: Row = serde_json::from_str(text).unwrap();
        assert_eq!(row.ucid.as_ref().unwrap().as_str(), "7");
        assert_eq!(row.comments.unwrap().as_str(), "two");
        assert_eq!(row.extra.get("Comments_first"), Some(&serde_json::json!("one")));
        assert_eq!(row.extra.get("UCID_first"), None);
    }

    #[test]
    fn a_bad_value_of_a_minor_field_does_not_cost_the_record() {
        for (value, kept) in [
            ("\"0000-00-00\"", serde_json::json!("0000-00-00")),
            ("-7", serde_json::json!(-7)),
            ("1.5", serde_json::json!(1.5)),
            ("true", serde_json::json!(true)),
            ("{\"a\":[1]}", serde_json::json!({"a": [1]})),
            ("[]", serde_json::json!([])),
        ] {
            let text = format!("{{\"CallDate\":{value},\"UCID\":7}}");
            let row: Row = serde_json::from_str(&text).unwrap();
            assert_eq!((row.day, row.ucid.unwrap().as_str()), (None, "7"), "{value}");
            assert_eq!(row.extra.get("CallDate_text"), Some(&kept));
            let again: Row = serde_json::from_value(serde_json::to_value(&row).unwrap()).unwrap();
            assert_eq!(again, row, "{value}");
        }
        for nothing in ["", "None", " NULL ", "-", "N/A"] {
            let text = format!("{{\"CallDate\":\"{nothing}\"}}");
            assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), Row::default(), "{nothing}");
        }
    }

    #[test]
    fn gaps_are_filled_and_what_is_there_stays() {
        let row = |text: &str| serde_json::from_str::<Row>(text).unwrap();
        let mut one = row(r#"{"UCID":7,"New":1}"#);
        let other = row(r#"{"UCID":8,"Comments":"x","New":2,"Old":3}"#);
        assert!(one.fill_gaps(&other) && !one.fill_gaps(&other));
        assert_eq!(one, row(r#"{"UCID":7,"Comments":"x","New":1,"Old":3}"#));
    }

    #[test]
    fn unknown_fields_survive_and_known_ones_take_any_spelling() {
        let row: Row = serde_json::from_str(
            r#"{"UCID":12345678901234567,"TalkTime":null,"comments":"x","New":[1]}"#,
        )
        .unwrap();
        assert_eq!(row.ucid.unwrap().as_str(), "12345678901234567");
        assert_eq!(row.talk, None);
        assert_eq!(row.comments.as_ref().unwrap().as_str(), "x");
        assert_eq!(row.extra.get("New").unwrap(), &serde_json::json!([1]));
        let back = serde_json::to_value(&row).unwrap();
        let want = serde_json::json!({"UCID":"12345678901234567","TalkTime":null,"Comments":"x","CallDate":null,"New":[1]});
        assert_eq!(back, want);
    }

    #[test]
    fn debug_shows_no_private_text() {
        let row: Row = serde_json::from_str(r#"{"Comments":"rang twice","Secret":"abc"}"#).unwrap();
        assert_eq!(
            format!("{row:?}"),
            r#"Row { comments: SensitiveText(10 bytes), extra: {"Secret"} }"#
        );
    }

    #[test]
    fn a_wrong_type_is_an_error_that_names_no_content() {
        let error = serde_json::from_str::<Row>(r#"{"TalkTime":{"a":1}}"#).unwrap_err().to_string();
        assert!(error.contains("text, a number or null"), "{error}");
        assert!(serde_json::from_str::<Row>(r#"{"TalkTime":"half an hour"}"#).is_err());
    }
}
