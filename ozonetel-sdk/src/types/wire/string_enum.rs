//! Words from lists that the service may extend.

/// Makes a type for a word from an open list: known spellings map to a kind, every spelling is kept as received.
macro_rules! string_enum {
    ($(#[$meta:meta])* $name:ident, $kind:ident {
        $( $(#[$vmeta:meta])* $variant:ident = [$first:literal $(, $other:literal)*] ),+ $(,)?
    }) => {
        #[doc = concat!("What a [`", stringify!($name), "`] means, where it is known.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $kind {
            $( $(#[$vmeta])* #[doc = concat!("`", $first, "`")] $variant, )+
        }

        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name(std::borrow::Cow<'static, str>, Option<$kind>);

        impl $name {
            const SPELLINGS: &'static [(&'static str, $kind)] =
                &[$( ($first, $kind::$variant) $(, ($other, $kind::$variant))* ),+];

            /// The word as received.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What it means, or `None` for a word that is not known.
            pub fn kind(&self) -> Option<$kind> {
                self.1
            }

            fn of(text: &str) -> Self {
                for (spelling, kind) in Self::SPELLINGS {
                    if *spelling == text {
                        return Self(std::borrow::Cow::Borrowed(*spelling), Some(*kind));
                    }
                }
                let kind = Self::SPELLINGS
                    .iter()
                    .find(|(spelling, _)| spelling.eq_ignore_ascii_case(text.trim()))
                    .map(|(_, kind)| *kind);
                Self(std::borrow::Cow::Owned(text.to_owned()), kind)
            }
        }

        impl From<$kind> for $name {
            fn from(kind: $kind) -> Self {
                match kind {
                    $( $kind::$variant => Self(std::borrow::Cow::Borrowed($first), Some(kind)), )+
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::of(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::of(&text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::of(text))
            }
        }

        /// Known words are equal by meaning, unknown ones by spelling.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.identity() == other.identity()
            }
        }

        impl Eq for $name {}

        impl $name {
            /// What equality, order and hash look at.
            fn identity(&self) -> (Option<$kind>, &str) {
                (self.1, if self.1.is_none() { self.as_str() } else { "" })
            }
        }

        impl std::hash::Hash for $name {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.identity().hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.identity().cmp(&other.identity())
            }
        }

        /// A text is equal when the word made of it is.
        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                *self == Self::of(other)
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                *self == **other
            }
        }

        impl PartialEq<$kind> for $name {
            fn eq(&self, kind: &$kind) -> bool {
                self.1 == Some(*kind)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl crate::types::wire::Scalar for $name {
            fn read(text: &str) -> Result<Self, &'static str> {
                Ok(Self::of(text))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Ok(Self::of(&crate::types::wire::text(from)?))
            }
        }
    };
}

pub(crate) use string_enum;

#[cfg(test)]
#[allow(unreachable_pub, missing_docs)]
mod tests {
    string_enum! {
        /// A colour.
        Colour, ColourKind { Red = ["Red", "RED"], Blue = ["Blue"] }
    }

    #[test]
    fn a_word_keeps_its_spelling_and_tells_its_meaning() {
        let word = Colour::from("rED");
        assert_eq!((word.as_str(), word.kind()), ("rED", Some(ColourKind::Red)));
        assert_eq!(word, Colour::from("Red"));
        assert_eq!(serde_json::to_string(&word).unwrap(), "\"rED\"");
    }

    #[test]
    fn an_unknown_word_survives_a_round_trip() {
        let word: Colour = serde_json::from_str("\"Mauve\"").unwrap();
        assert_eq!((word.as_str(), word.kind()), ("Mauve", None));
        assert_ne!(word, Colour::from("Taupe"));
        assert_eq!(serde_json::to_string(&word).unwrap(), "\"Mauve\"");
    }
}
