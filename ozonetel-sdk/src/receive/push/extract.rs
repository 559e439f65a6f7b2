//! An extractor for axum: a handler that only ever sees pushes.
//!
//! [`Pushed`] reads the request through an [`Intake`] taken from the router's state. What is not for the handler it
//! answers itself: 200 to the console's check (GET or HEAD without fields) and to pings without any call id; 401 to a
//! missing or wrong proof, 413 to a body over the limit, 400 to what does not read. None of these answers says what was
//! expected. Checks and pings are answered without a proof, since they bring nothing.
//!
//! ```
//! use axum::Router;
//! use axum::http::StatusCode;
//! use ozonetel_sdk::push::extract::{Pushed, route};
//! use ozonetel_sdk::push::{Callback, Intake};
//!
//! async fn hook(Pushed(delivery): Pushed<Callback>) -> StatusCode {
//!     for call in &delivery.items {
//!         let _ = call.call_id;
//!     }
//!     StatusCode::OK
//! }
//!
//! let app: Router = Router::new().route("/hooks/call", route(hook)).with_state(Intake::new());
//! # let _ = app;
//! ```

use axum::body::{Body, Bytes};
use axum::extract::{FromRef, FromRequest, Request};
use axum::handler::Handler;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use futures_util::StreamExt;

use super::error::{PushError, PushErrorKind};
use super::{Delivery, Intake, Payload};

/// A push that brought something. The state has to hold an [`Intake`].
#[derive(Debug, Clone)]
pub struct Pushed<T>(pub Delivery<T>);

/// Why the handler was not called, and at the same time the answer.
///
/// ```
/// use ozonetel_sdk::push::extract::NotForYou;
/// assert_eq!(NotForYou::Nothing.status(), axum::http::StatusCode::OK);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotForYou {
    /// A check of the URL, or a ping: 200.
    Nothing,
    /// The body did not arrive whole: 400.
    Cut,
    /// It does not read, or is not proved: 400, 401 or 413.
    Refused(PushError),
}

impl NotForYou {
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

impl IntoResponse for NotForYou {
    fn into_response(self) -> Response {
        self.status().into_response()
    }
}

/// Reads a body up to a limit. `None` is a body over it.
async fn within(body: Body, limit: usize) -> Result<Option<Bytes>, NotForYou> {
    let mut stream = body.into_data_stream();
    let mut whole = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| NotForYou::Cut)?;
        if chunk.len() > limit.saturating_sub(whole.len()) {
            return Ok(None);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(Some(whole.into()))
}

impl<S, T> FromRequest<S> for Pushed<T>
where
    T: Payload,
    S: Send + Sync,
    Intake: FromRef<S>,
{
    type Rejection = NotForYou;

    async fn from_request(request: Request, state: &S) -> Result<Self, NotForYou> {
        let intake = Intake::from_ref(state);
        let too_large = || {
            let reason = format!("more than {} bytes", intake.body_limit());
            NotForYou::Refused(PushError::new(PushErrorKind::TooLarge, reason))
        };
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|bytes| bytes > intake.body_limit() as u64) {
            return Err(too_large());
        }
        let (parts, body) = request.into_parts();
        if parts.method == Method::HEAD {
            return Err(NotForYou::Nothing);
        }
        let body = within(body, intake.body_limit()).await?.ok_or_else(too_large)?;
        // What a GET means stands in its query; a POST's query is the URL's own.
        let delivery: Delivery<T> = if parts.method == Method::GET || !body.is_empty() {
            intake.read(parts.uri.query(), &body).map_err(NotForYou::Refused)?
        } else {
            return Err(NotForYou::Nothing);
        };
        if delivery.is_ping() { Err(NotForYou::Nothing) } else { Ok(Self(delivery)) }
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

impl IntoResponse for crate::receive::kookoo::Answer {
    /// The XML; 500 without a body for an answer that cannot be written.
    fn into_response(self) -> Response {
        match self.to_xml() {
            Ok(xml) => ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

#[cfg(test)]
mod tests;
