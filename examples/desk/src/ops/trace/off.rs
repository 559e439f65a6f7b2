//! No traces.

use http::HeaderMap;
use tracing::Span;

/// None is ever made.
#[derive(Debug, Clone)]
pub(super) enum Place {}

pub(super) fn here() -> Option<Place> {
    None
}

pub(super) fn join(_: &Span, _: &Place) {}

pub(super) fn adopt(_: &Span, _: &HeaderMap) {}
