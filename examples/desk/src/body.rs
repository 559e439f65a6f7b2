//! What a request carries, read so that every failure is a problem document.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

use crate::problem::{Kind, Problem};

/// The largest body that is read.
pub(crate) const LARGEST: usize = 64 << 10;

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);

/// A JSON object. An empty body counts as an object without fields.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let json = content_type.and_then(|value| value.to_str().ok()).is_some_and(is_json);
        let read = tokio::time::timeout(ARRIVES_WITHIN, Bytes::from_request(request, state)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(Problem::new(
                    Kind::TooLarge,
                    format!("at most {LARGEST} bytes are read"),
                ));
            }
            Ok(Err(_)) => return Err(Problem::bad_request("the body ended early")),
            Err(_) => {
                return Err(Problem::new(Kind::SlowRequest, "the body did not arrive in time"));
            }
        };
        let text = bytes.trim_ascii();
        if text.is_empty() {
            return decode(b"{}").map(Self);
        }
        if !json {
            return Err(Problem::bad_request("the content type has to be application/json"));
        }
        if text.first() != Some(&b'{') {
            return Err(Problem::bad_request("the body has to be a JSON object"));
        }
        decode(text).map(Self)
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let mut read = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut read).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.into_inner());
        if inner.is_syntax() || inner.is_eof() {
            return Problem::bad_request(format!("the body is not JSON: {inner}"));
        }
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        Problem::bad_request(format!("{place}{inner}"))
    })?;
    read.end().map_err(|_| Problem::bad_request("something follows the JSON object"))?;
    Ok(value)
}

/// The query's fields.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// A text that says something; an empty one counts as absent.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
