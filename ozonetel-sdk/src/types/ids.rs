//! Identifiers: one type per kind, so that two of them cannot be swapped.
//!
//! Numeric ids of the service exceed what a double can hold; they are read from text or from a JSON integer and
//! kept as text. Names are kept as they are: whether a name exists is the service's business, and whether it is
//! empty is checked before a request is spent.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::invalid::Invalid;
use crate::types::redact::redact_number;
use crate::types::text_eq::text_eq;

/// Up to 19 decimal digits, inline: what every numeric id of the service fits into. Zeros alone name nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Digits {
    len: u8,
    bytes: [u8; 19],
}

impl Digits {
    fn read(text: &str) -> Option<Self> {
        let raw = text.as_bytes();
        let len = u8::try_from(raw.len()).ok().filter(|n| (1..=19).contains(n))?;
        let mut bytes = [0; 19];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        let read = raw.iter().all(u8::is_ascii_digit).then_some(Self { len, bytes });
        read.filter(|digits| !digits.is_zero())
    }

    fn of(number: u32) -> Self {
        let mut digits = [0; 19];
        let (mut rest, mut len) = (number, 0_u8);
        // The last digit first.
        for slot in &mut digits {
            *slot = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            len += 1;
            if rest == 0 {
                break;
            }
        }
        if let Some(used) = digits.get_mut(..usize::from(len)) {
            used.reverse();
        }
        Self { len, bytes: digits }
    }

    fn is_zero(&self) -> bool {
        self.digits().iter().all(|byte| *byte == b'0')
    }

    fn digits(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(self.digits()).unwrap_or_default()
    }
}

macro_rules! numeric_id {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Digits);

        impl $name {
            /// The digits as the service sent them, leading zeros included.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Digits::read(text)
                    .map(Self)
                    .ok_or(Invalid::new($field, "has to be 1 to 19 decimal digits that are not all 0"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        text_eq!($name);

        impl TryFrom<u64> for $name {
            type Error = Invalid;
            fn try_from(number: u64) -> Result<Self, Invalid> {
                number.to_string().parse()
            }
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                Self(Digits::of(number))
            }
        }

        impl From<$name> for u64 {
            /// The number; leading zeros are lost.
            fn from(id: $name) -> Self {
                // Nineteen digits fit.
                id.as_str().parse().unwrap_or_default()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl crate::types::wire::Scalar for $name {
            fn read(text: &str) -> Result<Self, &'static str> {
                let digits = Digits::read(text).or_else(|| Digits::read(text.trim()));
                digits.map(Self).ok_or("expected 1 to 19 decimal digits")
            }

            /// Zeros name nothing either.
            fn is_nothing(text: &str) -> bool {
                crate::types::wire::means_nothing(text) || text.trim().bytes().all(|b| b == b'0')
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Read;
                impl Visitor<'_> for Read {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("1 to 19 decimal digits, as text or as a whole number")
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        Digits::read(text.trim()).map($name).ok_or_else(|| {
                            E::invalid_value(de::Unexpected::Other("text that is not an id"), &self)
                        })
                    }
                    fn visit_u64<E: de::Error>(self, number: u64) -> Result<$name, E> {
                        self.visit_str(itoa::Buffer::new().format(number))
                    }
                    fn visit_f64<E: de::Error>(self, number: f64) -> Result<$name, E> {
                        let whole = crate::types::wire::exact_whole(number);
                        whole.and_then(|whole| Digits::read(&whole)).map($name).ok_or_else(|| {
                            E::invalid_value(de::Unexpected::Other("a rounded number"), &self)
                        })
                    }
                }
                from.deserialize_any(Read)
            }
        }
    };
}

numeric_id! {
    /// The UCID: one leg of a phone call. Decimal digits, 14 to 17 in published samples, never 20 or more.
    ///
    /// ```
    /// use ozonetel_sdk::types::Ucid;
    /// let ucid: Ucid = "90000000000000001".parse()?;
    /// assert_eq!(ucid.as_str(), "90000000000000001");
    /// assert!("9000-1".parse::<Ucid>().is_err());
    /// # Ok::<(), ozonetel_sdk::error::Invalid>(())
    /// ```
    Ucid, "ucid"
}

numeric_id! {
    /// The phone call as the reports know it: `CallID` in a CDR row, `monitorUCID` in a callback, `monitor_ucid`
    /// in an event. Equal to the [`Ucid`] on dialled calls, never on inbound ones.
    ///
    /// ```
    /// use ozonetel_sdk::types::CallId;
    /// let call: CallId = serde_json::from_str("90000000000000001")?;
    /// assert_eq!(serde_json::to_string(&call)?, "\"90000000000000001\"");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    CallId, "monitor_ucid"
}

impl From<Ucid> for CallId {
    /// The documented equality on dialled calls: the leg's id is the call's id.
    fn from(ucid: Ucid) -> Self {
        Self(ucid.0)
    }
}

macro_rules! name {
    ($(#[$meta:meta])* $name:ident $(, $check:path)?) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(#[serde(deserialize_with = "crate::types::wire::text")] Box<str>);

        impl $name {
            /// The name as given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> Self {
                Self(text.as_str().into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self(text.into()))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into()
            }
        }

        text_eq!($name);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl crate::types::wire::Scalar for $name {
            fn read(text: &str) -> Result<Self, &'static str> {
                $( $check(text)?; )?
                Ok(Self(text.into()))
            }
        }
    };
}

/// Refuses an id with a letter that was cut: what is left names someone else, or no one.
fn is_whole(text: &str) -> Result<(), &'static str> {
    if text.contains(char::REPLACEMENT_CHARACTER) { Err("expected whole letters") } else { Ok(()) }
}

name! {
    /// An agent's login id. Leading zeros are not stable between what the service sends; it may be an e-mail
    /// address.
    AgentId, is_whole
}
impl AgentId {
    /// Whether both name the same agent. Leading zeros of numeric ids are not stable between what the service sends,
    /// nor is the case of letters. An empty id and `0` mean "no agent" and equal nothing.
    ///
    /// ```
    /// use ozonetel_sdk::types::AgentId;
    /// let agent = AgentId::from("0042");
    /// assert!(agent.is_same_agent(&AgentId::from("42")));
    /// assert!(!agent.is_same_agent(&AgentId::from("agent42")));
    /// ```
    pub fn is_same_agent(&self, other: &Self) -> bool {
        match (bare_agent(&self.0), bare_agent(&other.0)) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }

    /// Returns the text that all spellings of one agent's id have in common, to look up and compare by; `None` for
    /// what names no agent.
    ///
    /// ```
    /// use ozonetel_sdk::types::AgentId;
    /// assert_eq!(AgentId::from("0042").key(), AgentId::from("42").key());
    /// assert_eq!(AgentId::from("Agent01").key().as_deref(), Some("agent01"));
    /// assert_eq!(AgentId::from("0").key(), None);
    /// ```
    pub fn key(&self) -> Option<String> {
        bare_agent(&self.0).map(str::to_ascii_lowercase)
    }
}

/// The part of an agent's id that is compared, letters in any case.
pub(crate) fn bare_agent(id: &str) -> Option<&str> {
    let id = id.trim();
    let numeric = id.bytes().all(|b| b.is_ascii_digit());
    let bare = if numeric { id.trim_start_matches('0') } else { id };
    Some(bare).filter(|bare| !bare.is_empty())
}

name! {
    /// A campaign's name, which is its key.
    CampaignName
}
name! {
    /// The phone name of an agent's number; it has to equal the configured one exactly.
    PhoneName
}
name! {
    /// A skill's name.
    SkillName
}
name! {
    /// A disposition as the campaign lists it.
    DispositionName
}

impl DispositionName {
    /// What the service's own text begins with; the campaign's wrap-up limit follows.
    const WRAP_UP_EXCEEDED: &str = "Wrap up time exceeded";

    /// Whether the service wrote it, because wrap-up ended before the agent had chosen one.
    ///
    /// ```
    /// use ozonetel_sdk::types::DispositionName;
    /// assert!(DispositionName::from("Wrap up time exceeded :120").is_automatic());
    /// assert!(!DispositionName::from("Sale").is_automatic());
    /// ```
    pub fn is_automatic(&self) -> bool {
        self.0.trim_start().starts_with(Self::WRAP_UP_EXCEEDED)
    }

    /// Whether an agent chose it.
    pub(crate) fn is_given(&self) -> bool {
        !self.0.trim().is_empty() && !self.is_automatic()
    }

    /// The wrap-up limit in seconds that the service's own text names.
    pub(crate) fn wrap_up_limit(&self) -> Option<u32> {
        let rest = self.0.trim_start().strip_prefix(Self::WRAP_UP_EXCEEDED)?;
        rest.trim_start().strip_prefix(':')?.trim().parse().ok()
    }
}

name! {
    /// A pause reason configured for the account.
    PauseReason
}

/// A DID: a number of the account, with country code and without plus, such as `918000000001`.
///
/// ```
/// use ozonetel_sdk::types::Did;
/// assert_eq!(Did::from("+91 80000 00001").as_str(), "918000000001");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Did(#[serde(deserialize_with = "crate::types::wire::text")] Box<str>);

impl Did {
    /// The number as the service wants it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Did {
    fn from(text: &str) -> Self {
        Self(text.chars().filter(|c| !matches!(c, '+' | ' ' | '-')).collect())
    }
}

impl From<&String> for Did {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for Did {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Did> for Did {
    fn from(did: &Did) -> Self {
        did.clone()
    }
}

impl FromStr for Did {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(text))
    }
}

text_eq!(Did);

impl AsRef<str> for Did {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Did({})", redact_number(&self.0))
    }
}

impl crate::types::wire::Scalar for Did {
    fn read(text: &str) -> Result<Self, &'static str> {
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_above_two_to_the_53_keeps_every_digit() {
        for json in ["12345678901234567", "\"12345678901234567\""] {
            let id: Ucid = serde_json::from_str(json).unwrap();
            assert_eq!(id.as_str(), "12345678901234567");
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for json in ["1.7e16", "-1", "\"\"", "\"12345678901234567890\"", "true", "\"12a\"", "null"]
        {
            assert!(serde_json::from_str::<Ucid>(json).is_err(), "{json}");
        }
        for json in ["0", "0.0", "\"0\"", "\" 00 \"", "\"0000000000000000000\""] {
            assert!(serde_json::from_str::<Ucid>(json).is_err(), "{json}");
        }
        assert!("0".parse::<Ucid>().is_err() && "00".parse::<CallId>().is_err());
        assert!(Ucid::try_from(0_u64).is_err());
    }

    #[test]
    fn one_agent_in_every_spelling() {
        let same = |one: &str, other: &str| AgentId::from(one).is_same_agent(&other.into());
        for (one, other, want) in [
            ("7", "7", true),
            ("007", "7", true),
            (" 7 ", "07", true),
            ("agent01", "Agent01", true),
            ("agent01@example.test", "AGENT01@example.test", true),
            ("agent01", "agent1", false),
            ("0agent", "agent", false),
            ("7", "70", false),
            ("", "", false),
            ("0", "0", false),
            ("00", "0", false),
            ("0", "7", false),
        ] {
            assert_eq!(same(one, other), want, "{one:?} and {other:?}");
            assert_eq!(same(other, one), want, "{other:?} and {one:?}");
            let (one, other) = (AgentId::from(one).key(), AgentId::from(other).key());
            assert_eq!(one.is_some() && one == other, want, "{one:?} and {other:?}");
        }
    }

    #[test]
    fn ids_are_made_from_numbers_and_text_and_compare_with_text() {
        for number in [0_u32, 7, 10, 4_294_967_295] {
            assert_eq!(Ucid::from(number).as_str(), number.to_string());
            assert_eq!(u64::from(Ucid::from(number)), u64::from(number));
        }
        assert_eq!(Ucid::try_from(90_000_000_000_000_001_u64).unwrap(), "90000000000000001");
        assert!(Ucid::try_from(u64::MAX).is_err());
        assert_eq!(
            u64::from("9999999999999999999".parse::<Ucid>().unwrap()),
            9_999_999_999_999_999_999
        );
        let agent = AgentId::from("agent01");
        assert!("agent01" == agent && agent != "b");
    }

    #[test]
    fn leading_zeros_stay() {
        assert_eq!("0001".parse::<CallId>().unwrap().to_string(), "0001");
    }
}
