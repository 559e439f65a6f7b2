//! One error type: what happened, whether it may have taken effect, and what to do.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use crate::core::auth_mode::AuthMode;
use crate::types::invalid::Invalid;

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

/// Status and content type of an answer.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    /// The HTTP status.
    pub status: StatusCode,
    /// The content type as sent.
    pub content_type: Option<&'a str>,
}

impl ResponseHead<'_> {
    /// The usual head: 200 and JSON.
    pub const OK: ResponseHead<'static> =
        ResponseHead { status: StatusCode::OK, content_type: Some("application/json") };
}

/// An answer that is not the service's envelope, or whose payload does not decode.
///
/// `Debug` and `Display` show neither the body nor any part of it; [`Unreadable::excerpt`] hands it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Unreadable {
    what: &'static str,
    path: Option<Box<str>>,
    status: StatusCode,
    content_type: Option<Box<str>>,
    excerpt: Box<[u8]>,
}

const ROW: &str = "a row does not decode";

/// How much of an unreadable answer is kept.
const EXCERPT: usize = 512;

impl Unreadable {
    pub(crate) fn new(what: &'static str, head: ResponseHead<'_>, body: &[u8]) -> Self {
        Self {
            what,
            path: None,
            status: head.status,
            content_type: head.content_type.map(|text| text.chars().take(100).collect()),
            excerpt: body.get(..EXCERPT).unwrap_or(body).into(),
        }
    }

    pub(crate) fn at(mut self, path: impl Into<Box<str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The JSON path that did not decode.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    pub(crate) fn is_row(&self) -> bool {
        self.what == ROW
    }

    pub(crate) fn row(body: &[u8], path: String) -> Self {
        Self::new(ROW, ResponseHead::OK, body).at(path)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The content type.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The first 512 bytes of the body. May hold personal data.
    pub fn excerpt(&self) -> &[u8] {
        &self.excerpt
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}", self.what, self.status.as_u16())?;
        if let Some(path) = &self.path {
            write!(f, ", at {path}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unreadable({self}, {} bytes kept)", self.excerpt.len())
    }
}

impl std::error::Error for Unreadable {}

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
    mode: Option<AuthMode>,
    attachment: Option<Arc<dyn Any + Send + Sync>>,
}

#[derive(Clone)]
enum What {
    Nothing,
    Invalid(Invalid),
    Refusal(Refusal),
    Unreadable(Unreadable),
    Source(Arc<dyn StdError + Send + Sync>),
    Said(&'static str),
    Detail(Arc<dyn StdError + Send + Sync>),
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
            mode: None,
            attachment: None,
        }))
    }

    pub(crate) fn invalid(invalid: Invalid) -> Self {
        Self::with(ErrorKind::Input, What::Invalid(invalid))
    }

    pub(crate) fn said(kind: ErrorKind, text: &'static str) -> Self {
        Self::with(kind, What::Said(text))
    }

    pub(crate) fn source_of(kind: ErrorKind, source: Arc<dyn StdError + Send + Sync>) -> Self {
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

    /// An error whose detail is a type that a part above this one knows; printed as that type prints itself.
    pub(crate) fn detailed(kind: ErrorKind, detail: impl StdError + Send + Sync + 'static) -> Self {
        Self::with(kind, What::Detail(Arc::new(detail)))
    }

    /// Hands something on to whoever knows its type.
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
        match &self.0.what {
            What::Detail(detail) => detail.downcast_ref(),
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
            What::Detail(detail) => write!(f, "{detail}")?,
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
