//! A made-up assistant hands a call to the agent who asks.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::demo_handoff::hand_over_demo;
use crate::problem::{Kind, Problem};

/// A made-up caller has talked to a made-up assistant and asks for a human: the call rings the signed-in agent, with
/// what was said. Only where the simulator is inside this desk, and on this machine.
#[utoipa::path(
    post,
    path = "/api/demo/handoff",
    tag = "customers",
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "The call rings: `sessionId` and `callId`", body = Object),
        (status = 404, description = "The simulator is not inside this desk"),
        (status = 409, description = "The agent is not ready"),
    ),
)]
pub(super) async fn handoff(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<Value>, Problem> {
    let demo = desk.settings().customers.demo.clone();
    let demo = demo.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such route"))?;
    let [agent] = caller.own.as_slice() else {
        let message = "the caller is not one agent: a call rings one";
        return Err(Problem::new(Kind::Forbidden, message));
    };
    let row = hand_over_demo(&desk, &*demo, agent).await?;
    Ok(Json(json!({
        "sessionId": row.session,
        "callId": row.call_id,
        "handoff": row.id,
        "extension": row.extension,
    })))
}
