//! Calls that are going on.

use axum::Json;
use axum::extract::State;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::shown;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;

/// How many are listed.
const MOST: u32 = 500;

/// The calls that are not closed: the caller's own, or the team's.
#[utoipa::path(
    get,
    path = "/api/calls/live",
    tag = "calls",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The calls", body = Object)),
)]
pub(crate) async fn live(State(desk): State<Desk>, caller: Caller) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({"calls": live_calls(&desk, &caller).await?})))
}

/// The calls' part of a snapshot.
pub(crate) fn snapshot(desk: &Desk, caller: &Caller) -> BoxFuture<'static, Result<Value, Problem>> {
    let (desk, caller) = (desk.clone(), caller.clone());
    Box::pin(async move { live_calls(&desk, &caller).await })
}

/// The calls that are not closed, as the caller sees them.
async fn live_calls(desk: &Desk, caller: &Caller) -> Result<Value, Problem> {
    let mut calls = Vec::new();
    for call in desk.store().live_calls(&caller.scope, MOST).await? {
        calls.push(shown(desk, caller, &call).await?);
    }
    Ok(Value::Array(calls))
}
