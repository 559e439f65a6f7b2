//! Records: flat objects of loose scalars that keep what they do not name.

/// Makes a record type: every field optional, every scalar in any spelling, unknown fields kept in `extra`.
///
/// Written out instead of derived because `serde(flatten)` buffers a whole row before it decodes the first field.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $wire:literal $(| $alt:literal)* ),+ $(,)?
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
                        let mut out = $name::default();
                        while let Some(key) = map.next_key::<crate::types::wire::Key<'de>>()? {
                            match key.0.as_ref() {
                                $( $wire $(| $alt)* => out.$field = map.next_value::<crate::types::wire::Loose<$ty>>()?.0, )+
                                _ => { out.extra.0.insert(key.0.into_owned(), map.next_value()?); }
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

#[cfg(test)]
#[allow(unreachable_pub, missing_docs)]
mod tests {
    use crate::types::ids::Ucid;
    use crate::types::wire::{ClockDuration, SensitiveText};

    record! {
        /// A row.
        pub struct Row {
            /// The leg.
            ucid: Ucid = "UCID",
            /// Conversation.
            talk: ClockDuration = "TalkTime",
            /// Words.
            comments: SensitiveText = "Comments" | "comments",
        }
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
        let want = serde_json::json!({"UCID":"12345678901234567","TalkTime":null,"Comments":"x","New":[1]});
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
