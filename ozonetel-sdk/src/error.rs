//! One error type: what happened, whether it may have taken effect, and what to do.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::envelope::Unreadable;

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

/// What a refusal means, as far as its text tells. A hint for programs, not a diagnosis: the service answers
/// "missing" for a wrong scheme and "expired" for a wrong mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Account, key, token or agent's password.
    BadCredentials,
    /// The bearer token has run out, or was ended by a newer one.
    TokenExpired,
    /// More requests than the published limit.
    TooManyRequests,
    /// A parameter that the service does not take.
    BadInput,
    /// The call, agent, campaign or number is not there.
    NotFound,
    /// The state of things does not allow it now: agent not available, already logged in, busy.
    NotAllowed,
    /// A text that is not known.
    Other,
}

impl Reason {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadCredentials => "bad_credentials",
            Self::TokenExpired => "token_expired",
            Self::TooManyRequests => "too_many_requests",
            Self::BadInput => "bad_input",
            Self::NotFound => "not_found",
            Self::NotAllowed => "not_allowed",
            Self::Other => "other",
        }
    }
}

/// The service's no, with its text. `Debug` shows the reason and the text's length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    message: Box<str>,
    status: StatusCode,
}

impl Refusal {
    /// A refusal.
    pub fn new(reason: Reason, message: &str, status: StatusCode) -> Self {
        Self { reason, message: message.chars().take(1000).collect(), status }
    }

    /// What it means.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The service's own text. May name an agent or a number.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status it came with; mostly 200.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({}, {} bytes of text)", self.reason.as_str(), self.message.len())
    }
}

/// How far a call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value was refused here, before anything was sent.
    Input,
    /// No credential could be had.
    Credentials,
    /// The published limit is used up, or the wait for it exceeds the caller's patience.
    Paced,
    /// No answer: the service could not be reached, or stayed silent.
    Unreachable,
    /// An HTTP status that says no, without the service's envelope.
    Status,
    /// The service said no.
    Refused,
    /// An answer that does not read.
    Unreadable,
    /// The connection ended in the middle, or the link is closed.
    Closed,
}

impl ErrorKind {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Credentials => "credentials",
            Self::Paced => "paced",
            Self::Unreachable => "unreachable",
            Self::Status => "status",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Closed => "closed",
        }
    }
}

/// Why a call to the service failed.
///
/// `Display` is one line without source, body, number or secret. What the service said is in
/// [`refusal`](Self::refusal), what came instead of an answer in [`unreadable`](Self::unreadable).
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
    what: What,
    status: Option<StatusCode>,
    ready_in: Option<Duration>,
    reference: Option<Box<str>>,
    row: Option<u64>,
    token: Option<crate::mdl::Token>,
}

#[derive(Clone)]
enum What {
    Nothing,
    Invalid(Invalid),
    Refusal(Refusal),
    Unreadable(Unreadable),
    Source(std::sync::Arc<dyn StdError + Send + Sync>),
    Said(&'static str),
    Socket(crate::mdl::Fault),
}

const _: () = assert!(size_of::<Error>() == size_of::<usize>());

impl Error {
    fn with(kind: ErrorKind, what: What) -> Self {
        Self(Box::new(Inner {
            kind,
            call: "",
            attempts: 0,
            elapsed: Duration::ZERO,
            may_have_happened: false,
            reached: false,
            what,
            status: None,
            ready_in: None,
            reference: None,
            row: None,
            token: None,
        }))
    }

    pub(crate) fn invalid(invalid: Invalid) -> Self {
        Self::with(ErrorKind::Input, What::Invalid(invalid))
    }

    pub(crate) fn said(kind: ErrorKind, text: &'static str) -> Self {
        Self::with(kind, What::Said(text))
    }

    pub(crate) fn source_of(
        kind: ErrorKind,
        source: std::sync::Arc<dyn StdError + Send + Sync>,
    ) -> Self {
        Self::with(kind, What::Source(source))
    }

    pub(crate) fn paced(ready_in: Duration) -> Self {
        let mut error = Self::with(ErrorKind::Paced, What::Nothing);
        error.0.ready_in = Some(ready_in);
        error
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        let status = refusal.status();
        let mut error = Self::with(ErrorKind::Refused, What::Refusal(refusal));
        error.0.status = Some(status);
        error
    }

    pub(crate) fn unread(unreadable: Unreadable) -> Self {
        let status = unreadable.status();
        let kind = if status.is_success() { ErrorKind::Unreadable } else { ErrorKind::Status };
        let mut error = Self::with(kind, What::Unreadable(unreadable));
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

    #[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "the link's stream makes them"))]
    pub(crate) fn socket(fault: crate::mdl::Fault) -> Self {
        Self::with(fault.kind(), What::Socket(fault))
    }

    /// The token whose fate this error tells.
    #[cfg_attr(not(feature = "ws"), expect(dead_code, reason = "the link's stream makes them"))]
    pub(crate) fn carrying(mut self, token: crate::mdl::Token) -> Self {
        self.0.token = Some(token);
        self
    }

    pub(crate) fn reached(mut self, yes: bool) -> Self {
        self.0.reached |= yes;
        self
    }

    pub(crate) fn at_row(mut self, row: u64) -> Self {
        self.0.row = Some(row);
        self
    }

    /// The failure of a token request, told as the failure of the call that needed it.
    pub(crate) fn for_credentials(mut self) -> Self {
        self.0.may_have_happened = false;
        self.0.reached = false;
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
    /// sent again, and this tells that it may be done already.
    pub fn may_have_reached(&self) -> bool {
        self.0.reached
    }

    /// The service's no.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0.what {
            What::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// The refusal's meaning.
    pub fn reason(&self) -> Option<Reason> {
        self.refusal().map(Refusal::reason)
    }

    /// The answer that did not read.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        match &self.0.what {
            What::Unreadable(unreadable) => Some(unreadable),
            _ => None,
        }
    }

    /// The value that was refused here.
    pub fn invalid_input(&self) -> Option<&Invalid> {
        match &self.0.what {
            What::Invalid(invalid) => Some(invalid),
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer.
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

    /// The token of the agent socket whose fate this error tells: for a dial whose outcome is unknown, the dial.
    pub fn token(&self) -> Option<&crate::mdl::Token> {
        self.0.token.as_ref()
    }

    /// What happened on the agent socket.
    pub fn fault(&self) -> Option<&crate::mdl::Fault> {
        match &self.0.what {
            What::Socket(fault) => Some(fault),
            _ => None,
        }
    }

    /// The position of the row that did not read, counted from 0.
    pub fn row(&self) -> Option<u64> {
        self.0.row
    }

    /// Whether only one row did not read, and the next one follows.
    pub fn is_row(&self) -> bool {
        self.0.row.is_some() && self.unreadable().is_some_and(Unreadable::is_row)
    }

    /// What to do about it, in a sentence.
    pub fn advice(&self) -> &'static str {
        if self.0.may_have_happened {
            return if self.0.reference.is_some() {
                "it may have happened: do not repeat it; look for its reference under UUI in today's CDR, in the \
                 events or in the callback first"
            } else {
                "it may have happened: do not repeat it; look for the call in today's CDR, in the events or in the \
                 callback first"
            };
        }
        match self.0.kind {
            ErrorKind::Input => "correct the value; nothing was sent",
            ErrorKind::Credentials => {
                "check account, key and the account's API authentication setting"
            }
            ErrorKind::Paced => {
                "wait as long as it says, or share the limit between the programs of the account"
            }
            ErrorKind::Unreachable | ErrorKind::Closed | ErrorKind::Status => "try again later",
            ErrorKind::Refused if self.0.ready_in.is_some() => "wait as long as it says",
            ErrorKind::Refused => "read the refusal's text",
            ErrorKind::Unreadable => {
                "look at the excerpt: this is not an answer of the service as documented"
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        if !inner.call.is_empty() {
            write!(f, "{}: ", inner.call)?;
        }
        match &inner.what {
            What::Invalid(invalid) => write!(f, "{invalid}")?,
            What::Refusal(refusal) => {
                write!(f, "the service refused ({})", refusal.reason().as_str())?;
            }
            What::Unreadable(unreadable) => write!(f, "{unreadable}")?,
            What::Said(text) => f.write_str(text)?,
            What::Socket(fault) => write!(f, "{fault}")?,
            What::Nothing | What::Source(_) => f.write_str(match inner.kind {
                ErrorKind::Paced => "the published limit is used up",
                ErrorKind::Credentials => "no credential could be had",
                ErrorKind::Closed => "the connection ended before the answer was complete",
                _ => "the service could not be reached",
            })?,
        }
        if let Some(row) = inner.row {
            write!(f, ", row {row}")?;
        }
        if inner.attempts > 1 {
            write!(f, ", after {} attempts", inner.attempts)?;
        }
        if let Some(ready_in) = inner.ready_in {
            write!(f, ", ready in {} s", ready_in.as_secs_f32().ceil())?;
        }
        if inner.may_have_happened {
            write!(f, "; {}", self.advice())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("call", &self.0.call)
            .field("attempts", &self.0.attempts)
            .field("may_have_happened", &self.0.may_have_happened)
            .field("refusal", &self.refusal())
            .field("status", &self.0.status)
            .field("unreadable", &self.unreadable())
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.what {
            What::Source(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid)
    }
}
