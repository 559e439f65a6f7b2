//! Responses, and what faults do to them on their way.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

/// A response of the service, head and body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceResponse {
    /// HTTP status.
    pub status: StatusCode,
    /// Content type.
    pub content_type: &'static str,
    /// Body.
    pub body: Bytes,
}

impl ServiceResponse {
    /// A JSON response.
    pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self { status, ..Self::written(body.to_string()) }
    }

    /// A response of this JSON.
    pub(crate) fn written(json: String) -> Self {
        Self { status: StatusCode::OK, content_type: "application/json", body: json.into() }
    }

    /// A plain text response.
    pub(crate) fn text(status: StatusCode, body: &str) -> Self {
        Self { status, content_type: "text/plain", body: Bytes::copy_from_slice(body.as_bytes()) }
    }
}

impl fmt::Debug for ServiceResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceResponse({}, {} bytes)", self.status, self.body.len())
    }
}

/// A response, and what goes wrong on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultyResponse {
    /// At once and whole.
    Whole(ServiceResponse),
    /// Whole, but late.
    Late(ServiceResponse, Duration),
    /// The connection breaks in the middle of the body.
    Cut(ServiceResponse),
    /// A few bytes at a time.
    Drip(ServiceResponse, Duration),
    /// The connection closes without a byte.
    Closed,
}

impl FaultyResponse {
    /// The response, unless there is none.
    pub fn response(&self) -> Option<&ServiceResponse> {
        match self {
            Self::Whole(a) | Self::Late(a, _) | Self::Cut(a) | Self::Drip(a, _) => Some(a),
            Self::Closed => None,
        }
    }
}
