//! The service's refusal, and how much of its text may be shown.

use std::fmt;

use http::StatusCode;

use crate::core::reason::{self, DocumentedText, Reason};

/// A longer text is data, whatever it looks like.
const SENTENCE: usize = 500;

/// How much of a text is kept.
const KEPT: usize = 1000;

/// The service's refusal, with its text. `Display` and `Debug` show the text only where it is a documented one, its
/// variable parts left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    message: Box<str>,
    status: StatusCode,
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: Reason, message: &str, status: StatusCode) -> Self {
        let end = message.char_indices().nth(KEPT).map_or(message.len(), |(at, _)| at);
        Self { reason, message: message.get(..end).unwrap_or_default().into(), status }
    }

    /// What it means.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The service's own text, whatever it is. May name an agent or a number, and may be data:
    /// [`Error::service_text`](super::Error::service_text) is the text that people may be shown.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status it came with; mostly 200.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The documented text that it gives.
    pub fn documented(&self) -> Option<DocumentedText> {
        reason::documented(&self.message)
    }

    /// The text, if it is a sentence and not data: no JSON, no markup, no rows.
    pub(super) fn sentence(&self) -> Option<&str> {
        let text = self.message.trim();
        let is_data = text.starts_with(['{', '[', '<', '"'])
            || text.lines().count() > 3
            || text.chars().count() > SENTENCE;
        (!is_data && !text.is_empty()).then_some(text)
    }
}

/// The documented text, or how long an undocumented one is.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(known) = self.documented() {
            return write!(f, "{known}");
        }
        let count = self.message.trim().chars().count();
        let most = if count >= KEPT { "at least " } else { "" };
        match self.sentence() {
            Some(_) => write!(f, "an undocumented text ({count} characters)"),
            None if count == 0 => f.write_str("no text"),
            None => write!(f, "data where a text belongs ({most}{count} characters)"),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({}: {self})", self.reason)
    }
}
