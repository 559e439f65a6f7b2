//! Text about a person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::scalar::{Scalar, text};
use crate::types::text_eq::text_eq;

/// Text about a person: a name, a comment, a link to a recording.
///
/// It holds the whole text, which [`as_str`](Self::as_str), serde and comparisons see. `Display` and `Debug` show its
/// length only, so that no log line carries it by accident.
///
/// ```
/// use ozonetel_sdk::types::SensitiveText;
/// let comment = SensitiveText::from("rang twice");
/// assert!(comment == "rang twice");
/// assert_eq!(comment.to_string(), "(10 bytes)");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SensitiveText(Box<str>);

impl SensitiveText {
    /// The text as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SensitiveText {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for SensitiveText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for SensitiveText {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl FromStr for SensitiveText {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

text_eq!(SensitiveText);

impl AsRef<str> for SensitiveText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SensitiveText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.0.len())
    }
}

impl fmt::Debug for SensitiveText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SensitiveText({} bytes)", self.0.len())
    }
}

impl Scalar for SensitiveText {
    fn read(text: &str) -> Result<Self, &'static str> {
        Ok(Self(text.into()))
    }
}

impl Serialize for SensitiveText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SensitiveText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(text(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensitive_text_does_not_print() {
        let text = SensitiveText::from("A B");
        assert_eq!(format!("{text:?} {text}"), "SensitiveText(3 bytes) (3 bytes)");
    }
}
