//! What the desk measures of itself.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::core::caller::Scope;
use crate::core::dial::DialState;
use crate::desk::Desk;
use crate::ops::metrics::{EVENTS, OUTBOX, OWED, STORE_COMMITS, STREAMS, TASKS, UNKNOWN_DIALS};

/// How many open ends are counted.
const MOST: u32 = 1_000;

/// What the desk measures of itself, in the text format of Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "live",
    extensions(("x-allow" = json!("loopback"))),
    responses((status = 200, description = "Metrics", content_type = "text/plain", body = String)),
)]
pub(super) async fn metrics(State(desk): State<Desk>) -> Response {
    let metrics = desk.metrics();
    metrics.set(STREAMS, desk.events().listeners() as u64);
    metrics.set(TASKS, desk.tasks().under_way() as u64);
    if let Some(commits) = desk.store().commits() {
        metrics.set_count(STORE_COMMITS, commits);
    }
    // What the store does not answer now keeps its last value.
    let store = desk.store();
    if let Ok(waiting) = store.outbox_waiting().await {
        metrics.set(OUTBOX, u64::try_from(waiting).unwrap_or(0));
    }
    if let Ok(unknown) = store.dials_in(DialState::Unknown, &Scope::All, MOST).await {
        metrics.set(UNKNOWN_DIALS, unknown.len() as u64);
    }
    if let Ok(owed) = store.owed(&Scope::All, MOST).await {
        metrics.set(OWED, owed.len() as u64);
    }
    metrics.set(EVENTS, u64::try_from(*desk.store().head().borrow()).unwrap_or(0));
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics.render()).into_response()
}
