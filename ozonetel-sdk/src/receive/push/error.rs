//! Why a push cannot be parsed.

use std::error::Error as StdError;
use std::fmt;

use crate::types::wire::SensitiveText;

/// What is wrong with a push.
///
/// ```
/// use ozonetel_sdk::push::{PushReader, PushErrorKind};
/// let error = PushReader::new().events(None, b"{").unwrap_err();
/// assert_eq!(error.kind(), PushErrorKind::Syntax);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PushErrorKind {
    /// More bytes than [`PushLimits::bytes`](super::PushLimits::bytes).
    TooLarge,
    /// More objects or fields than [`PushLimits::items`](super::PushLimits::items) and
    /// [`PushLimits::fields`](super::PushLimits::fields).
    TooMany,
    /// Nested deeper than [`PushLimits::depth`](super::PushLimits::depth).
    TooDeep,
    /// Neither JSON nor a form.
    Syntax,
    /// JSON, but not the shape of a push.
    Shape,
    /// A field has a value of the wrong kind.
    Field,
    /// A callback as it should be, but for the id of its call: answer 200 and store it whole.
    NoId,
    /// The proof of the sender is missing or wrong.
    Proof,
}

/// Why a push cannot be parsed: the field, what was expected of it, and which object of a list it was.
///
/// `Display` and `Debug` show nothing of the content: no value, no number, no key. The push itself, where it may be
/// stored, is in [`unread`](Self::unread).
///
/// ```
/// use ozonetel_sdk::push::{PushReader, PushErrorKind};
/// let body = br#"{"monitorUCID":"the first","Status":"Answered"}"#;
/// let error = PushReader::new().callbacks(None, body).unwrap_err();
/// assert_eq!(error.kind(), PushErrorKind::Field);
/// assert_eq!(error.to_string(), "monitorUCID: expected 1 to 19 decimal digits");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushError {
    kind: PushErrorKind,
    field: Option<Box<str>>,
    reason: Box<str>,
    item: Option<usize>,
    unread: Option<SensitiveText>,
}

impl PushError {
    pub(crate) fn new(kind: PushErrorKind, reason: impl Into<Box<str>>) -> Self {
        Self { kind, field: None, reason: reason.into(), item: None, unread: None }
    }

    pub(crate) fn field(field: &str, reason: impl Into<Box<str>>) -> Self {
        Self {
            kind: PushErrorKind::Field,
            field: Some(field.into()),
            reason: reason.into(),
            item: None,
            unread: None,
        }
    }

    pub(crate) fn of_kind(mut self, kind: PushErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same, with the field's place: `data.ucid`.
    pub(crate) fn inside(mut self, outer: &str) -> Self {
        self.field = self.field.map(|field| [outer, &field].join(".").into());
        self
    }

    pub(crate) fn at(mut self, item: usize) -> Self {
        self.item = Some(item);
        self
    }

    pub(crate) fn with_unread(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.unread = (!text.is_empty()).then(|| SensitiveText::from(text));
        self
    }

    /// The whole push as text, without the account's key: to be stored, and read again later with a
    /// [`PushReader`](super::PushReader) that asks for no proof. Holds personal data.
    ///
    /// A key that only its place shows, in a table or in a list beside a list of names, is taken out where the reader
    /// knows it: give it a [`Verifier`](super::verify::Verifier).
    ///
    /// `None` where the sender is not proved, where it was too large, and for one object of a list.
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let cut = br#"UCID":"90000000000000001","Apikey":"test-key","Status":"Answered"}"#;
    /// let error = PushReader::new().callbacks(None, cut).unwrap_err();
    /// let kept = error.unread().unwrap();
    /// assert!(kept.contains("90000000000000001") && !kept.contains("test-key"));
    /// ```
    pub fn unread(&self) -> Option<&str> {
        self.unread.as_ref().map(SensitiveText::as_str)
    }

    /// What is wrong.
    pub fn kind(&self) -> PushErrorKind {
        self.kind
    }

    /// The field as the service spells it.
    pub fn field_name(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// What was expected.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Which object of a list, counted from 0.
    pub fn item(&self) -> Option<usize> {
        self.item
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(item) = self.item {
            write!(f, "[{item}] ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl StdError for PushError {}
