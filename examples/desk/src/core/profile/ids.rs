//! Extensions and ids of calls, as far as they may become parts of keys.

use std::fmt;

/// What the keys of all profiles begin with.
pub const KEYS: &str = "callcenter:customer:";

/// Why a text is neither an extension nor an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnId {
    /// It says nothing.
    #[error("is missing")]
    Empty,
    /// It is too long.
    #[error("has more than {0} characters")]
    TooLong(usize),
    /// It holds something that no id holds.
    #[error("may hold letters, digits, and . _ + - only")]
    Character,
}

/// An id that is not one, with its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct BadId {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: NotAnId,
}

/// The longest id.
const LONGEST: usize = 128;

fn checked(text: &str) -> Result<String, NotAnId> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NotAnId::Empty);
    }
    if text.len() > LONGEST {
        return Err(NotAnId::TooLong(LONGEST));
    }
    // A colon would let one key be written as another.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
    if text.bytes().all(plain) { Ok(text.to_owned()) } else { Err(NotAnId::Character) }
}

/// The number that an agent's telephone has within the call centre.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extension(String);

impl Extension {
    /// From its text.
    ///
    /// ```
    /// use desk::core::profile::Extension;
    ///
    /// assert_eq!(Extension::new(" 500001 ").unwrap().as_str(), "500001");
    /// assert!(Extension::new("500001:1").is_err());
    /// ```
    ///
    /// # Errors
    /// It is empty, too long, or holds a character that no extension has.
    pub fn new(text: &str) -> Result<Self, NotAnId> {
        checked(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the extension's latest profile.
    pub fn key(&self) -> String {
        format!("{KEYS}{}", self.0)
    }

    /// The key of the profile of one call on it.
    pub fn key_of(&self, call: &str) -> String {
        format!("{KEYS}{}:{call}", self.0)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ids of one call: the carrier's and the assistant's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallKeys {
    /// The carrier's id.
    pub call_sid: Option<String>,
    /// The assistant's id.
    pub call_id: Option<String>,
}

impl CallKeys {
    /// From a request; an empty text is none.
    ///
    /// # Errors
    /// The id that is not one.
    pub fn new(sid: Option<&str>, id: Option<&str>) -> Result<Self, BadId> {
        let read = |field: &'static str, text: Option<&str>| {
            let given = text.filter(|text| !text.trim().is_empty());
            given.map(checked).transpose().map_err(|reason| BadId { field, reason })
        };
        Ok(Self { call_sid: read("call_sid", sid)?, call_id: read("call_id", id)? })
    }

    /// Those that a stored profile carries. One that could be no key is one all the same: it is another call's.
    pub fn carried(sid: Option<&str>, id: Option<&str>) -> Self {
        let kept = |text: Option<&str>| {
            text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self { call_sid: kept(sid), call_id: kept(id) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.call_sid.is_none() && self.call_id.is_none()
    }

    /// Both, the carrier's first.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.call_sid.iter().chain(&self.call_id).map(String::as_str)
    }

    /// Whether an id of both is not the same.
    pub fn contradicts(&self, other: &Self) -> bool {
        let (sid, id) = self.compare(other);
        sid == Some(false) || id == Some(false)
    }

    /// Whether both are of one call: they share an id, and none of the two contradicts the other.
    pub fn is_same(&self, other: &Self) -> bool {
        let (sid, id) = self.compare(other);
        !self.contradicts(other) && (sid.is_some() || id.is_some())
    }

    fn compare(&self, other: &Self) -> (Option<bool>, Option<bool>) {
        let compare = |one: &Option<String>, other: &Option<String>| {
            one.as_ref().zip(other.as_ref()).map(|(one, other)| one == other)
        };
        (compare(&self.call_sid, &other.call_sid), compare(&self.call_id, &other.call_id))
    }
}
