//! Calls that are going on.

use axum::Json;
use axum::extract::State;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::shown;
use crate::core::call::{CallPhase, CallState, CallView};
use crate::core::caller::{Caller, Scope};
use crate::core::can::Standing;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};

/// How many are listed: more than a thousand agents can have.
const MOST: u32 = 5_000;

/// Calls that are going on.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveCalls {
    /// The calls.
    calls: Vec<CallView>,
}

/// The calls that are not closed: the caller's own, or the team's. A call that the caller has handed on is among them as
/// long as after-call work of the own part goes on.
#[utoipa::path(
    get,
    path = "/api/calls/live",
    tag = "calls",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The calls", body = LiveCalls)),
)]
pub(crate) async fn live(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<LiveCalls>, Problem> {
    Ok(Json(LiveCalls { calls: live_calls(&desk, &caller).await? }))
}

/// The calls' part of a snapshot.
pub(crate) fn snapshot(desk: &Desk, caller: &Caller) -> BoxFuture<'static, Result<Value, Problem>> {
    let (desk, caller) = (desk.clone(), caller.clone());
    Box::pin(async move {
        serde_json::to_value(live_calls(&desk, &caller).await?)
            .map_err(|_| Problem::new(Kind::Internal, "the calls cannot be written"))
    })
}

/// Whether a call goes on with a colleague and the part of the caller's agent in it is closed.
fn is_closed_for(caller: &Caller, call: &CallState) -> bool {
    let Standing::Participant(agent) = Standing::of(caller, call) else { return false };
    call.part_of(agent).is_some_and(|part| part.phase == CallPhase::Closed)
}

/// The calls that are not closed, as the caller sees them, and those of which the caller's agent has after-call work.
async fn live_calls(desk: &Desk, caller: &Caller) -> Result<Vec<CallView>, Problem> {
    let mut live = desk.store().live_calls(&caller.scope, MOST).await?;
    live.retain(|call| !is_closed_for(caller, &call.state));
    if !caller.own.is_empty() {
        for owed in desk.store().owed_calls(&Scope::Agents(caller.own.clone()), MOST).await? {
            let is_there = live.iter().any(|call| call.id == owed.call.id);
            if !is_there && owed.call.state.after_call_of(&owed.agent).is_some() {
                live.push(owed.call);
            }
        }
    }
    let mut calls = Vec::new();
    for call in live {
        calls.push(shown(desk, caller, &call).await?);
    }
    Ok(calls)
}
