//! A value that is refused before anything is sent.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// How much of a value is shown.
const SHOWN: usize = 100;

/// A value that would have been refused, found before a request was spent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Invalid {
    field: &'static str,
    reason: Cow<'static, str>,
}

impl Invalid {
    /// A field and what is wrong with it. The reason is printed and logged: it names no person, number or secret.
    pub fn new(field: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { field, reason: reason.into() }
    }

    /// The field, as the service or the setting names it.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The same reason under another name: that of the setting which the value came from.
    #[must_use]
    pub fn under(self, field: &'static str) -> Self {
        Self { field, ..self }
    }

    /// The same with the value in front of the reason, for values that are neither secret nor personal. A long one is
    /// shortened.
    #[must_use]
    pub fn showing(self, value: &str) -> Self {
        let shown: String = value.trim().chars().take(SHOWN).flat_map(char::escape_debug).collect();
        Self { reason: format!("`{shown}`: {}", self.reason).into(), ..self }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.reason)
    }
}

impl StdError for Invalid {}

/// A row of an input that is refused before anything is sent. Rows are counted from 1, as in a file without its header.
///
/// ```
/// use ozonetel_sdk::error::{Error, Invalid, InvalidRow};
/// let row = InvalidRow { row: 3, invalid: Invalid::new("Name", "is empty") };
/// assert_eq!(row.to_string(), "row 3: Name is empty");
/// let error = Error::from(row);
/// assert_eq!((error.row(), error.summary().as_str()), (Some(3), "row 3: Name is empty"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InvalidRow {
    /// The row, counted from 1.
    pub row: usize,
    /// What is wrong with it.
    pub invalid: Invalid,
}

impl InvalidRow {
    /// All bad rows as one refused value, under the field that is wrong in all of them, else under `rows`; none if there
    /// are none. A long list is shortened.
    pub(crate) fn all(rows: &[Self]) -> Result<(), Invalid> {
        const SHOWN: usize = 20;
        let Some(first) = rows.first().map(|row| row.invalid.field()) else { return Ok(()) };
        let common = rows.iter().all(|row| row.invalid.field() == first);
        let shown: Vec<String> = rows.iter().take(SHOWN).map(Self::to_string).collect();
        let more = match rows.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let reason = format!("refused: {}{more}", shown.join("; "));
        Err(Invalid::new(if common { first } else { "rows" }, reason))
    }
}

impl fmt::Display for InvalidRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.row, self.invalid)
    }
}

impl StdError for InvalidRow {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.invalid)
    }
}

/// Refuses what is empty.
pub(crate) fn filled(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() { Err(Invalid::new(field, "is empty")) } else { Ok(()) }
}
