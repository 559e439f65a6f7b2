//! One error type: what happened, whether it may have taken effect, and what to do.

mod advice;
mod kind;
mod refusal;
mod show;
mod unreadable;

use std::any::Any;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::core::auth_mode::AuthMode;
use crate::core::store_error::StoreError;
use crate::types::invalid::{Invalid, InvalidRow};

pub use crate::core::reason::{DocumentedText, Reason, documented_texts};
pub use kind::ErrorKind;
pub use refusal::Refusal;
pub use unreadable::{ResponseHead, Unreadable};

/// Why a call to the service failed.
///
/// `Display` is one line: the call and what went wrong, in the service's own words where they are documented ones,
/// their variable parts left out. It shows no other text of the service, no body, number or secret, and neither does
/// `Debug`. The parts have accessors, so that no program needs to take the line apart; serialized, it is an object of
/// them.
///
/// ```
/// # ozonetel_sim::doc(async |_sim, client| {
/// client.agents().login("agent01", "secret", "500001").await?;
/// let error = client.agents().login("agent01", "secret", "500001").await.unwrap_err();
/// assert_eq!(error.to_string(), "agents.login: the service refused: Agent has already logged in");
/// assert_eq!(error.summary(), "the service refused: Agent has already logged in");
/// assert_eq!(serde_json::to_value(&error)?["reason"], "not_allowed");
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    call: &'static str,
    attempts: u32,
    elapsed: Duration,
    may_have_happened: bool,
    reached: bool,
    detail: Detail,
    status: Option<StatusCode>,
    ready_in: Option<Duration>,
    reference: Option<Box<str>>,
    row: Option<u64>,
    mode: Option<AuthMode>,
    attachment: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Clone)]
enum Detail {
    Nothing,
    Invalid(Invalid),
    Refusal(Refusal),
    Unreadable(Unreadable),
    Source(Arc<dyn StdError + Send + Sync>),
    Said(&'static str),
    Other(Arc<dyn StdError + Send + Sync>),
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());

impl Error {
    fn with(kind: ErrorKind, detail: Detail) -> Self {
        Self(Box::new(Inner {
            kind,
            call: "",
            attempts: 0,
            elapsed: Duration::ZERO,
            may_have_happened: false,
            reached: false,
            detail,
            status: None,
            ready_in: None,
            reference: None,
            row: None,
            mode: None,
            attachment: None,
        }))
    }

    fn invalid(invalid: Invalid) -> Self {
        Self::with(ErrorKind::Input, Detail::Invalid(invalid))
    }

    pub(crate) fn said(kind: ErrorKind, text: &'static str) -> Self {
        Self::with(kind, Detail::Said(text))
    }

    pub(crate) fn source_of(kind: ErrorKind, source: Arc<dyn StdError + Send + Sync>) -> Self {
        Self::with(kind, Detail::Source(source))
    }

    pub(crate) fn paced(ready_in: Duration) -> Self {
        let mut error = Self::with(ErrorKind::Paced, Detail::Nothing);
        error.0.ready_in = Some(ready_in);
        error
    }

    /// The store of the token or of the limits cannot be used: nothing was sent.
    pub(crate) fn store(error: StoreError) -> Self {
        Self::detailed(ErrorKind::Store, error)
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        let status = refusal.status();
        let mut error = Self::with(ErrorKind::Refused, Detail::Refusal(refusal));
        error.0.status = Some(status);
        error
    }

    pub(crate) fn unread(unreadable: Unreadable) -> Self {
        let status = unreadable.status();
        let kind = if status.is_success() { ErrorKind::Unreadable } else { ErrorKind::Status };
        let mut error = Self::with(kind, Detail::Unreadable(unreadable));
        error.0.status = Some(status);
        error
    }

    pub(crate) fn named(mut self, call: &'static str, attempts: u32, elapsed: Duration) -> Self {
        self.0.call = call;
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self
    }

    pub(crate) fn ready(mut self, ready_in: Option<Duration>) -> Self {
        self.0.ready_in = ready_in.or(self.0.ready_in);
        self
    }

    pub(crate) fn uncertain(mut self, yes: bool, reference: Option<&str>) -> Self {
        self.0.may_have_happened = yes;
        self.0.reference = reference.filter(|_| yes).map(Into::into);
        self
    }

    /// An error whose detail is a type that a part above this one knows; printed as that type prints itself.
    pub(crate) fn detailed(kind: ErrorKind, detail: impl StdError + Send + Sync + 'static) -> Self {
        Self::with(kind, Detail::Other(Arc::new(detail)))
    }

    /// Attaches a value whose type only the caller knows.
    pub(crate) fn attach(mut self, attachment: impl Any + Send + Sync) -> Self {
        self.0.attachment = Some(Arc::new(attachment));
        self
    }

    /// What was attached, if it is of this type.
    pub(crate) fn attachment<T: Any>(&self) -> Option<&T> {
        self.0.attachment.as_deref().and_then(|any| any.downcast_ref())
    }

    /// The detail, if it is of this type.
    pub(crate) fn detail<T: StdError + 'static>(&self) -> Option<&T> {
        match &self.0.detail {
            Detail::Other(detail) => detail.downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn reached(mut self, yes: bool) -> Self {
        self.0.reached |= yes;
        self
    }

    /// The mode in which the request was signed, where the account's setting decides it.
    pub(crate) fn signed_as(mut self, mode: Option<AuthMode>) -> Self {
        self.0.mode = mode;
        self
    }

    pub(crate) fn at_row(mut self, row: u64) -> Self {
        self.0.row = Some(row);
        self
    }

    /// The failure of a token request, reported as the failure of the call that needed it.
    pub(crate) fn for_credentials(mut self) -> Self {
        self.0.may_have_happened = false;
        self.0.reached = false;
        // Whoever asks for a token believes in token mode.
        self.0.mode = self.0.mode.or(Some(AuthMode::Token));
        if self.0.kind == ErrorKind::Refused && self.reason() != Some(Reason::TooManyRequests) {
            self.0.kind = ErrorKind::Credentials;
        }
        self
    }

    /// How far the call got.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The endpoint's name, such as `dial.agent`.
    pub fn call(&self) -> &'static str {
        self.0.call
    }

    /// How often the request was handed to the transport.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long it all took, waits included.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// Whether the operation may have taken effect although it failed here. A dial for which this is true is not to
    /// be repeated: settle it first, see [`Error::advice`].
    pub fn may_have_happened(&self) -> bool {
        self.0.may_have_happened
    }

    /// Whether an attempt may have reached the service without its answer being known. For an operation that may
    /// happen only once this is [`may_have_happened`](Self::may_have_happened); one that is repeated safely can just be
    /// sent again, and this says that it may be done already.
    pub fn may_have_reached(&self) -> bool {
        self.0.reached
    }

    /// The refusal.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0.detail {
            Detail::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The refusal's meaning.
    pub fn reason(&self) -> Option<Reason> {
        self.refusal().map(Refusal::reason)
    }

    /// The answer that cannot be read.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match &self.0.detail {
            Detail::Unreadable(unreadable) => Some(unreadable),
            _ => None,
        }
    }

    /// What is wrong with the store of the token or of the limits.
    pub fn store_error(&self) -> Option<&StoreError> {
        self.detail()
    }

    /// The value that was refused here.
    pub fn invalid_input(&self) -> Option<&Invalid> {
        match &self.0.detail {
            Detail::Invalid(invalid) => Some(invalid),
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer. A reply on the agent socket has none of its own: the connection's 101.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// When the published limit allows the next request.
    pub fn ready_in(&self) -> Option<Duration> {
        self.0.ready_in
    }

    /// The reference that travelled with an operation whose outcome is unknown: for a dial, its `uui`.
    pub fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// The row that cannot be decoded, or that was refused before anything was sent, counted from 1.
    pub fn row(&self) -> Option<u64> {
        self.0.row
    }

    /// Whether only one row cannot be decoded, and the next one follows.
    pub fn is_row(&self) -> bool {
        self.0.row.is_some() && self.unreadable().is_some_and(Unreadable::is_row)
    }

    /// The text with which the service refused, if it is a sentence: documented or not, and as it came. It may name a
    /// person, an agent or a number; show it to whoever made the call, and do not log it. Data is not a text: JSON, markup
    /// and rows are left out.
    pub fn service_text(&self) -> Option<&str> {
        self.refusal().and_then(Refusal::sentence)
    }

    /// What went wrong, in one line without the call's name and without the advice.
    pub fn summary(&self) -> String {
        show::ErrorSummary(self).to_string()
    }

    /// What to do about it, in a sentence without full stop; none where the refusal is not understood.
    pub fn advice(&self) -> Option<&'static str> {
        advice::advice(self)
    }

    /// The mode that the account may be in, when the service's answer fits to a request signed in the wrong one.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, _client| {
    /// use ozonetel_sdk::auth::AuthMode;
    /// // The simulated account is in token mode.
    /// let wrong = sim.client_builder().mode(AuthMode::Key).build()?;
    /// let error = wrong.check().await.unwrap_err();
    /// assert_eq!(error.other_mode(), Some(AuthMode::Token));
    /// # Ok(()) });
    /// ```
    pub fn other_mode(&self) -> Option<AuthMode> {
        advice::other_mode(self)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid)
    }
}

/// The row is [`Error::row`].
impl From<InvalidRow> for Error {
    fn from(InvalidRow { row, invalid }: InvalidRow) -> Self {
        Self::invalid(invalid).at_row(row as u64)
    }
}

#[cfg(test)]
mod tests;
