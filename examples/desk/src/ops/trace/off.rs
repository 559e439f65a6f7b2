//! No traces.

use http::HeaderMap;
use tracing::Span;

/// None is ever made.
#[derive(Debug, Clone)]
pub(super) enum TracePoint {}

pub(super) fn here() -> Option<TracePoint> {
    None
}

pub(super) fn join(_: &Span, _: &TracePoint) {}

pub(super) fn adopt(_: &Span, _: &HeaderMap) {}
