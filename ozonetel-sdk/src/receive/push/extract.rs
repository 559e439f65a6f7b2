//! An extractor for axum: a handler that only ever sees pushes.
//!
//! [`Pushed`] reads the request through a [`PushReader`] taken from the router's state. It answers requests that are not
//! for the handler: 200 to the console's check (GET or HEAD without fields) and to pings without any call id; 401 to a
//! missing or wrong proof, 413 to a body over the limit, 400 to what cannot be parsed. A callback that lacks nothing but
//! the id of its call reaches the handler, in [`failed`](super::ParsedPush::failed) instead of the items: store
//! [`sanitized`](super::ParsedPush::sanitized) and answer 200, since a hook that refuses callbacks may be switched off. None of these answers shows what
//! was expected. Checks and pings are answered without a proof, since they bring nothing.
//!
//! A GET whose query is not empty may be a push: where the registered URL has a long parameter of its own, or one with
//! eight digits in a row, the console's check is taken for one and answered 400. Give that parameter to
//! [`Verifier::url`](super::verify::Verifier::url), or make it shorter.
//!
//! ```
//! use axum::Router;
//! use axum::http::StatusCode;
//! use ozonetel_sdk::push::extract::{Pushed, route};
//! use ozonetel_sdk::push::{Callback, PushReader};
//!
//! async fn hook(Pushed(push): Pushed<Callback>) -> StatusCode {
//!     for call in &push.items {
//!         let _ = call.call_id;
//!     }
//!     StatusCode::OK
//! }
//!
//! fn app() -> Router {
//!     Router::new().route("/hooks/call", route(hook)).with_state(PushReader::new())
//! }
//! ```

use axum::body::{Body, Bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::StreamExt;

use super::error::{PushError, PushErrorKind};
use super::payload::PushPayload;
use super::reader::{ParsedPush, PushReader};

/// A push that brought something. The state has to hold a [`PushReader`].
#[derive(Debug, Clone)]
pub struct Pushed<T>(pub ParsedPush<T>);

/// Why the handler was not called; also the answer.
///
/// ```
/// use ozonetel_sdk::push::extract::PushRejection;
/// assert_eq!(PushRejection::Nothing.status(), axum::http::StatusCode::OK);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushRejection {
    /// A check of the URL, or a ping: 200.
    Nothing,
    /// The body did not arrive whole: 400.
    Cut,
    /// It cannot be parsed, or is not proved: 400, 401 or 413.
    Refused(PushError),
}

impl PushRejection {
    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Nothing => StatusCode::OK,
            Self::Cut => StatusCode::BAD_REQUEST,
            Self::Refused(error) => match error.kind() {
                PushErrorKind::Proof => StatusCode::UNAUTHORIZED,
                PushErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::BAD_REQUEST,
            },
        }
    }
}

impl IntoResponse for PushRejection {
    fn into_response(self) -> Response {
        self.status().into_response()
    }
}

/// Reads a body up to a limit. `None` is a body over it.
async fn within(body: Body, limit: usize) -> Result<Option<Bytes>, PushRejection> {
    let mut stream = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| PushRejection::Cut)?;
        if chunk.len() > limit.saturating_sub(whole.len()) {
            return Ok(None);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Some(whole.into()))
}

impl<S, T> FromRequest<S> for Pushed<T>
where
    T: PushPayload,
    S: Send + Sync,
    PushReader: FromRef<S>,
{
    type Rejection = PushRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, PushRejection> {
        let reader = PushReader::from_ref(state);
        let too_large = || {
            let reason = format!("more than {} bytes", reader.body_limit());
            PushRejection::Refused(PushError::new(PushErrorKind::TooLarge, reason))
        };
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|bytes| bytes > reader.body_limit() as u64) {
            return Err(too_large());
        }
        let (parts, body) = request.into_parts();
        if parts.method == Method::HEAD {
            return Err(PushRejection::Nothing);
        }
        // Whoever is not proved by the URL is heard no longer than a ping lasts.
        let limit = reader.unproved_limit(parts.uri.query());
        let Some(body) = within(body, limit).await? else {
            let proved = reader.prove_url(parts.uri.query()).map_err(PushRejection::Refused);
            return Err(proved.err().unwrap_or_else(too_large));
        };
        // The query of a GET is its content; a POST's query is the URL's own.
        let push: ParsedPush<T> = if parts.method == Method::GET || !body.is_empty() {
            reader.read(parts.uri.query(), &body).map_err(PushRejection::Refused)?
        } else {
            return Err(PushRejection::Nothing);
        };
        if push.is_ping() { Err(PushRejection::Nothing) } else { Ok(Self(push)) }
    }
}

/// A route for pushes: POST, GET and HEAD all reach the handler's extractor.
pub fn route<H, T, S>(handler: H) -> MethodRouter<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    on(MethodFilter::POST.or(MethodFilter::GET).or(MethodFilter::HEAD), handler)
}

#[cfg(test)]
mod tests;
