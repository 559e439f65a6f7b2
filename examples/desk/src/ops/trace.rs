//! Traces: one for all that a click leads to, from the page's request (`traceparent`) through route, flow and the service
//! to what the service says of the call afterwards.
//!
//! Without the feature `otel` there are none, and what is here does nothing. Spans hold names, routes, ids of requests and
//! calls; what the log must not hold is not in them either, and log lines are not sent.

#[cfg(feature = "otel")]
mod otlp;
#[cfg(feature = "otel")]
use otlp as backend;
#[cfg(feature = "otel")]
pub use otlp::{Exporting, TraceError, layer};

#[cfg(not(feature = "otel"))]
mod off;
#[cfg(not(feature = "otel"))]
use off as backend;

use std::time::Duration;

use http::HeaderMap;
use ozonetel_sdk::error::Invalid;
use tracing::Span;

use crate::recent::RecentMap;

/// The variable that names the collector, as every program with OpenTelemetry has it.
pub const VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// For how many calls it is remembered which trace they belong to, and for how long.
const MOST: usize = 10_000;
const KEPT: Duration = Duration::from_hours(4);

/// Has a request's span continue the trace that the request names.
pub(crate) fn adopt(span: &Span, headers: &HeaderMap) {
    backend::adopt(span, headers);
}

/// Where to send traces: the collector's address with the path of traces.
///
/// ```
/// # #[cfg(feature = "otel")] {
/// let to = desk::ops::trace::endpoint("http://127.0.0.1:4318/").unwrap();
/// assert_eq!(to, "http://127.0.0.1:4318/v1/traces");
/// # }
/// assert!(desk::ops::trace::endpoint("127.0.0.1:4318").is_err());
/// ```
///
/// # Errors
/// It is not an address; this desk was built without traces.
pub fn endpoint(text: &str) -> Result<String, Invalid> {
    if !cfg!(feature = "otel") {
        return Err(Invalid::new(VARIABLE, "this desk was built without the feature otel"));
    }
    let address: Option<http::Uri> = text.trim().parse().ok();
    let address = address.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")));
    if address.is_none() {
        return Err(Invalid::new(VARIABLE, "expected http://host:4318"));
    }
    Ok(format!("{}/v1/traces", text.trim().trim_end_matches('/')))
}

/// Which trace a call belongs to: what is said of it later joins the one in which it was dialled. In the memory of this
/// desk; what another one hears begins a trace of its own.
#[derive(Debug)]
pub struct CallTraces(RecentMap<String, backend::TracePoint>);

impl Default for CallTraces {
    fn default() -> Self {
        Self(RecentMap::new(MOST, KEPT))
    }
}

impl CallTraces {
    /// A call belongs to the trace of what is being done now.
    pub(crate) fn remember(&self, call: &str) {
        if let Some(point) = backend::here() {
            self.0.put(call.to_owned(), point);
        }
    }

    /// The same span, in the trace of the call.
    pub(crate) fn joined(&self, span: Span, call: Option<&str>) -> Span {
        if let Some(point) = call.and_then(|call| self.0.get(&call.to_owned())) {
            backend::join(&span, &point);
        }
        span
    }
}
