//! A made-up assistant hands a call to the agent who asks.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::caller::Caller;
use crate::core::handoff::HandoffRow;
use crate::desk::Desk;
use crate::flow::demo_handoff::hand_over_demo;
use crate::problem::{Kind, Problem};

/// A call that a made-up assistant has handed over.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DemoHandoff {
    /// The assistant's session.
    session_id: String,
    /// The assistant's id of the call.
    call_id: Option<String>,
    /// The hand-off, which the call carries as its UUI.
    handoff: String,
    /// The extension that rings.
    extension: String,
}

/// A made-up caller has talked to a made-up assistant and asks for a human: the call rings the signed-in agent, with
/// what was said. Only where the simulator is inside this desk, and on this machine.
#[utoipa::path(
    post,
    path = "/api/demo/handoff",
    tag = "customers",
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "The call rings: `sessionId` and `callId`", body = DemoHandoff),
        (status = 404, description = "The simulator is not inside this desk"),
        (status = 409, description = "The agent is not ready"),
    ),
)]
pub(super) async fn handoff(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<DemoHandoff>, Problem> {
    let demo = desk.settings().customers.demo.clone();
    let demo = demo.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such route"))?;
    let [agent] = caller.own.as_slice() else {
        let message = "the caller is not one agent: a call rings one";
        return Err(Problem::new(Kind::Forbidden, message));
    };
    let row = hand_over_demo(&desk, &*demo, agent).await?;
    let HandoffRow { id, session, call_id, extension, .. } = row;
    Ok(Json(DemoHandoff { session_id: session, call_id, handoff: id, extension }))
}
