//! Whether the desk can do its work.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::ops::health::{Condition, Readiness};

/// How long the store may take to answer.
const STORE: Duration = Duration::from_secs(2);

/// A session that no voice server has.
const NO_SESSION: &str = "readyz";

/// Whether the desk can do its work, part by part: the store, the service, the links, the sync. 503 if one of them is
/// down, or if the desk is stopping; a part that is only degraded leaves it at 200.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "live",
    extensions(("x-allow" = json!("set-up"))),
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready, or stopping", body = Readiness),
    ),
)]
pub(super) async fn readyz(State(desk): State<Desk>) -> Response {
    let (health, at) = (desk.health(), desk.now());
    look_at_store(&desk).await;
    let profiles = desk.customers().profiles();
    let reached = tokio::time::timeout(STORE, profiles.session(NO_SESSION)).await;
    match reached {
        Ok(Ok(_)) => health.well("profiles", json!(profiles.place()), at),
        Ok(Err(error)) => {
            health.unwell("profiles", Condition::Degraded, error.to_string(), at);
        }
        Err(_) => health.unwell("profiles", Condition::Degraded, "they do not answer", at),
    }
    answer(health.readiness())
}

/// Whether this desk, of several behind one address, is one to send requests to: its way to the store, and that it is not
/// stopping. What all desks lack alike, such as the service, is no matter here: a proxy that asked for that would leave
/// none to take what the service sends.
#[utoipa::path(
    get,
    path = "/readyz/store",
    tag = "live",
    extensions(("x-allow" = json!("set-up"))),
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready, or stopping", body = Readiness),
    ),
)]
pub(super) async fn readyz_store(State(desk): State<Desk>) -> Response {
    look_at_store(&desk).await;
    answer(desk.health().readiness_of(&["store", "life"]))
}

/// Asks the store, and whether the desk is stopping.
async fn look_at_store(desk: &Desk) {
    let (health, at) = (desk.health(), desk.now());
    let answered = tokio::time::timeout(STORE, desk.store().ping()).await;
    match answered {
        Ok(Ok(())) => health.well("store", Value::Null, at),
        Ok(Err(error)) => health.unwell("store", Condition::Down, error.to_string(), at),
        Err(_) => health.unwell("store", Condition::Down, "it does not answer", at),
    }
    if desk.life().is_stopping() {
        health.unwell("life", Condition::Down, "the desk is stopping", at);
    }
}

fn answer(readiness: Readiness) -> Response {
    let status = match readiness.condition {
        Condition::Down => StatusCode::SERVICE_UNAVAILABLE,
        Condition::Ok | Condition::Degraded => StatusCode::OK,
    };
    (status, Json(readiness)).into_response()
}
