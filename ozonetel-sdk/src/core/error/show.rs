//! An error in words, and for programs.

use std::error::Error as StdError;
use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Detail, Error, ErrorKind};
use crate::core::reason::Reason;

/// What went wrong, without call and advice.
pub(super) struct ErrorSummary<'e>(pub(super) &'e Error);

impl fmt::Display for ErrorSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0.0;
        match &inner.detail {
            Detail::Invalid(invalid) => {
                // A row of the input.
                if let Some(row) = inner.row {
                    write!(f, "row {row}: ")?;
                }
                write!(f, "{invalid}")?;
            }
            Detail::Refusal(refusal) => {
                let text = refusal.message().trim();
                match (refusal.documented(), refusal.reason()) {
                    (Some(known), _) => write!(f, "the service refused: {known}")?,
                    (None, Reason::Other) => write!(f, "the service refused with {refusal}")?,
                    (None, reason) => {
                        let reason = reason.as_str().replace('_', " ");
                        write!(f, "the service refused: {reason}")?;
                        if !text.is_empty() {
                            write!(f, ", with {refusal}")?;
                        }
                    }
                }
            }
            Detail::Unreadable(unreadable) => write!(f, "{unreadable}")?,
            Detail::Said(text) => f.write_str(text)?,
            Detail::Other(detail) => write!(f, "{detail}")?,
            Detail::Nothing | Detail::Source(_) => f.write_str(match inner.kind {
                ErrorKind::Paced => "the published limit is used up",
                ErrorKind::Credentials => "no credential could be had",
                ErrorKind::Closed => "the connection ended before the answer was complete",
                _ => "the service could not be reached",
            })?,
        }
        if let (Some(row), Detail::Refusal(_) | Detail::Unreadable(_) | Detail::Source(_)) =
            (inner.row, &inner.detail)
        {
            write!(f, ", row {row}")?;
        }
        if inner.attempts > 1 {
            write!(f, ", after {} attempts", inner.attempts)?;
        }
        if let Some(ready_in) = inner.ready_in {
            write!(f, ", ready in {} s", ready_in.as_secs_f32().ceil())?;
        }
        Ok(())
    }
}

/// Call and summary; and the advice, where it must not be overlooked: the operation may have happened, or the account
/// may be in the other mode.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.call().is_empty() {
            write!(f, "{}: ", self.call())?;
        }
        write!(f, "{}", ErrorSummary(self))?;
        if (self.may_have_happened() || self.other_mode().is_some())
            && let Some(advice) = self.advice()
        {
            write!(f, "; {advice}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("call", &self.call())
            .field("summary", &format_args!("{}", ErrorSummary(self)))
            .field("attempts", &self.attempts())
            .field("may_have_happened", &self.may_have_happened())
            .field("refusal", &self.refusal())
            .field("status", &self.status())
            .field("unreadable", &self.unreadable())
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.detail {
            Detail::Source(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// Facts and sentences, never a text of the service, a body or a reference.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("Error", 12)?;
        fields.serialize_field("kind", &self.kind())?;
        fields.serialize_field("call", self.call())?;
        fields.serialize_field("reason", &self.reason())?;
        fields.serialize_field("summary", &self.summary())?;
        fields.serialize_field("advice", &self.advice())?;
        fields.serialize_field("attempts", &self.attempts())?;
        fields.serialize_field("elapsed_s", &self.elapsed().as_secs_f64())?;
        fields.serialize_field("may_have_happened", &self.may_have_happened())?;
        fields.serialize_field("may_have_reached", &self.may_have_reached())?;
        fields.serialize_field("status", &self.status().map(|status| status.as_u16()))?;
        fields.serialize_field("ready_in_s", &self.ready_in().map(|wait| wait.as_secs_f64()))?;
        fields.serialize_field("row", &self.row())?;
        fields.end()
    }
}
