//! A value that is refused before anything is sent.

use std::error::Error as StdError;
use std::fmt;

/// A value that would have been refused, found before a request was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    field: &'static str,
    reason: &'static str,
}

impl Invalid {
    /// A field and what is wrong with it.
    pub const fn new(field: &'static str, reason: &'static str) -> Self {
        Self { field, reason }
    }

    /// The field, as the service or the setting names it.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.reason)
    }
}

impl StdError for Invalid {}

/// Refuses what is empty.
pub(crate) fn filled(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() { Err(Invalid::new(field, "is empty")) } else { Ok(()) }
}
