//! Problem documents (RFC 9457), and what each failure of the service becomes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use ozonetel_sdk::{Error, ErrorKind, Reason};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::store::StoreError;

/// What kind of problem it is; the document's `type` ends in the kind's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A field is missing or malformed.
    BadRequest,
    /// No session and no token, or one that does not count.
    NotSignedIn,
    /// It may be seen and not done.
    Forbidden,
    /// There is no administrator yet.
    NotSetUp,
    /// No such route, call, agent or record.
    NotFound,
    /// The route has other methods.
    MethodNotAllowed,
    /// The request did not arrive in time.
    SlowRequest,
    /// The agent, or whatever else is asked for, is not available now.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// A campaign, number or disposition that is not taken.
    Unprocessable,
    /// The published limit is used up.
    Limit,
    /// A fault of the desk itself.
    Internal,
    /// The service does not take the account's credentials.
    Credentials,
    /// The service does not answer, or its answer cannot be parsed.
    Service,
    /// Too much is going on at once.
    Busy,
    /// It is unknown whether it happened.
    Unknown,
}

impl Kind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        self.parts().1
    }

    /// Status, word and title.
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BadRequest => {
                (StatusCode::BAD_REQUEST, "bad-request", "The request cannot be parsed")
            }
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not-signed-in", "Sign in first"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "not-allowed", "Not allowed"),
            Self::NotSetUp => {
                (StatusCode::SERVICE_UNAVAILABLE, "not-set-up", "The desk is not set up")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Not with this method")
            }
            Self::SlowRequest => {
                (StatusCode::REQUEST_TIMEOUT, "slow-request", "The request did not arrive in time")
            }
            Self::Conflict => (StatusCode::CONFLICT, "not-available", "Not possible now"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::Unprocessable => {
                (StatusCode::UNPROCESSABLE_ENTITY, "refused", "This is not taken")
            }
            Self::Limit => {
                (StatusCode::TOO_MANY_REQUESTS, "limit", "The published limit is used up")
            }
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "The desk has a fault")
            }
            Self::Credentials => {
                (StatusCode::BAD_GATEWAY, "credentials", "The service refuses the account")
            }
            Self::Service => (StatusCode::BAD_GATEWAY, "service", "The service does not answer"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once"),
            Self::Unknown => {
                (StatusCode::GATEWAY_TIMEOUT, "outcome-unknown", "It may have happened")
            }
        }
    }
}

/// A problem, ready to be sent. `Debug` shows its kind only: messages may hold numbers.
#[derive(Clone)]
pub struct Problem {
    kind: Kind,
    message: Cow<'static, str>,
    detail: Option<&'static str>,
    may_have_happened: bool,
    call: Option<&'static str>,
    reason: Option<&'static str>,
    reference: Option<Box<str>>,
    /// A pointer keeps the problem small.
    ready_in: Option<Box<Duration>>,
    errors: Option<Box<FieldErrors>>,
    more: Option<Box<(&'static str, Value)>>,
}

/// A pointer to the list keeps the problem small.
#[derive(Clone)]
struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    fn sentence(&self) -> String {
        let sentence = |error: &FieldError| format!("{} {}", error.path, error.text);
        self.0.iter().map(sentence).collect::<Vec<_>>().join("; ")
    }
}

/// What is wrong with one field.
#[derive(Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, as it is spelled in the body or query.
    pub path: String,
    /// What is wrong with it.
    pub text: String,
}

impl fmt::Debug for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldError").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The id of a request: in its answer, its problem document, the log and the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

tokio::task_local! {
    static REQUEST: RequestId;
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestId {
    /// A new one; ids rise with time. What a client says is not an id of ours, and does not belong in a log.
    pub fn new() -> Self {
        Self(crate::chance::id_text().into())
    }

    /// That of the request that is being answered.
    pub fn current() -> Option<Self> {
        REQUEST.try_with(Self::clone).ok()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As the `instance` of a problem document.
    pub(crate) fn urn(&self) -> String {
        format!("urn:ozonetel-desk:request:{}", self.0)
    }
}

/// Answers a request under its id: problem documents made in it name it.
pub async fn in_request<T>(id: RequestId, answer: impl Future<Output = T>) -> T {
    REQUEST.scope(id, answer).await
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("kind", &self.kind)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct Document<'p> {
    /// Ends in the kind's word.
    #[schema(example = "urn:ozonetel-desk:problem:bad-request")]
    r#type: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// The sentence to show.
    message: &'p str,
    /// Whether it may have taken effect all the same.
    may_have_happened: bool,
    /// The id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'p [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_in_sec: Option<u64>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: BTreeMap<&'static str, &'p Value>,
}

impl Problem {
    /// A problem with the sentence that a front end shows.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            detail: None,
            may_have_happened: kind == Kind::Unknown,
            call: None,
            reason: None,
            reference: None,
            ready_in: None,
            errors: None,
            more: None,
        }
    }

    /// A missing or malformed field.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::BadRequest, message)
    }

    /// A field that is missing or malformed.
    pub fn field(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { path: path.into(), text: text.into() }])
    }

    /// Fields that are missing or malformed, each with what is wrong with it.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let errors = FieldErrors(errors);
        let message = errors.sentence();
        Self { errors: Some(Box::new(errors)), ..Self::new(Kind::BadRequest, message) }
    }

    /// The same of a field that has another name where it was sent.
    #[must_use]
    pub fn renaming(mut self, field: &str, sent: &str) -> Self {
        if let Some(errors) = self.errors.as_deref_mut()
            && let Some(error) = errors.0.iter_mut().find(|error| error.path == field)
        {
            sent.clone_into(&mut error.path);
            self.message = errors.sentence().into();
        }
        self
    }

    /// When it may be tried again.
    #[must_use]
    pub fn ready_in(mut self, time: Duration) -> Self {
        self.ready_in = Some(Box::new(time));
        self
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence that a front end shows.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether it may have taken effect all the same.
    pub fn may_have_happened(&self) -> bool {
        self.may_have_happened
    }

    /// Another sentence.
    #[must_use]
    pub fn saying(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// The key of the reason, if there is one.
    pub fn reason(&self) -> Option<&'static str> {
        self.reason
    }

    /// The key of the reason, or the kind's word where there is none.
    pub fn word(&self) -> &'static str {
        self.reason.unwrap_or(self.kind.parts().1)
    }

    /// The key of the reason.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// What the call is found by if it has happened.
    #[must_use]
    pub fn with_reference(mut self, reference: &str) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// What whoever asked needs to go on, in a field of its own.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more = Some(Box::new((name, value)));
        self
    }

    /// A failure after which it is unknown whether the request took effect.
    #[must_use]
    pub fn unknown(mut self) -> Self {
        self.kind = Kind::Unknown;
        self.may_have_happened = true;
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, word, title) = self.kind.parts();
        let wait = if self.kind == Kind::Busy { Some(BUSY) } else { None };
        let ready_in_sec = self.ready_in.as_deref().copied().or(wait).map(whole_seconds);
        let id = RequestId::current();
        let document = Document {
            r#type: format!("urn:ozonetel-desk:problem:{word}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            message: &self.message,
            may_have_happened: self.may_have_happened,
            instance: id.map(|id| id.urn()),
            errors: self.errors.as_ref().map_or(&[], |errors| &errors.0),
            call: self.call,
            reason: self.reason,
            reference: self.reference.as_deref(),
            ready_in_sec,
            more: self.more.iter().map(|more| (more.0, &more.1)).collect(),
        };
        let mut response = (status, Json(document)).into_response();
        response.extensions_mut().insert(self.kind);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self.kind, Kind::Limit | Kind::Busy) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ready_in_sec.unwrap_or(60)));
        }
        if self.kind == Kind::NotSignedIn {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// How long to wait when too much is going on.
const BUSY: Duration = Duration::from_secs(1);

/// Rounded up, so that waiting this long is always enough; at least one.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// The one place where a failure of the service becomes an answer.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let kind = kind_of(error);
        let mut problem = match wrong_field(error).filter(|_| kind != Kind::Unknown) {
            Some(field) => Self { kind, ..Self::fields(vec![field]) },
            None => Self::new(kind, message_of(error, kind)),
        };
        problem.detail = error.advice();
        problem.call = (!error.call().is_empty()).then(|| error.call());
        problem.reason = error.reason().map(Reason::as_str);
        problem.reference = error.reference().map(Into::into);
        problem.ready_in = error.ready_in().map(Box::new);
        problem
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Unknown => return Self::new(Kind::Unknown, error.to_string()),
            StoreError::Conflict(_) | StoreError::Taken(_) | StoreError::Overlaps(_) => {
                Kind::Conflict
            }
            StoreError::Missing(_) => Kind::NotFound,
            StoreError::Unavailable(_) => Kind::Busy,
            _ => Kind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}

fn kind_of(error: &Error) -> Kind {
    if error.may_have_happened() {
        return Kind::Unknown;
    }
    match error.kind() {
        ErrorKind::Input if is_bad_value(error) => Kind::Unprocessable,
        ErrorKind::Input => Kind::BadRequest,
        ErrorKind::Paced => Kind::Limit,
        ErrorKind::Credentials => Kind::Credentials,
        ErrorKind::Refused => match error.reason() {
            Some(Reason::TooManyRequests) => Kind::Limit,
            Some(Reason::BadCredentials | Reason::TokenExpired) if is_of_agent(error) => {
                Kind::Unprocessable
            }
            Some(Reason::BadCredentials | Reason::TokenExpired) => Kind::Credentials,
            Some(Reason::NotAllowed) => Kind::Conflict,
            Some(Reason::NotFound) => Kind::NotFound,
            _ => Kind::Unprocessable,
        },
        ErrorKind::Status if error.status() == Some(StatusCode::TOO_MANY_REQUESTS) => Kind::Limit,
        _ => Kind::Service,
    }
}

/// A value that is well formed and still not a number or a disposition: the service would refuse it.
fn is_bad_value(error: &Error) -> bool {
    error.invalid_input().is_some_and(|invalid| match invalid.field() {
        "phone_number" => {
            invalid.reason().starts_with("is not a ") || invalid.reason().ends_with("digits long")
        }
        "disposition" => invalid.reason().contains("250"),
        _ => false,
    })
}

/// The documented text for a wrong agent id or agent's password; the account's own failures have other texts.
fn is_of_agent(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.message().trim() == "Invalid Authentication")
}

/// The field that is wrong, as existing front ends spell it.
fn wrong_field(error: &Error) -> Option<FieldError> {
    let invalid = error.invalid_input()?;
    let field = match (invalid.field(), error.call()) {
        ("phone_number", call) if call.starts_with("call_control") => "conferenceNumber",
        ("phone_number" | "customerNumber", _) => "phoneNumber",
        ("agentID", _) => "agentId",
        ("fromDate", call) if call.starts_with("cdr") => "date",
        (field, _) => field,
    };
    Some(FieldError { path: field.to_owned(), text: invalid.reason().to_owned() })
}

fn message_of(error: &Error, kind: Kind) -> String {
    if kind == Kind::Unknown {
        return "It is not known whether this happened. Do not repeat it before it is settled."
            .into();
    }
    error.service_text().map_or_else(|| error.summary(), str::to_owned)
}
