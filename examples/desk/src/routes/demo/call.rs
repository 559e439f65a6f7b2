//! A made-up customer calls the agent who asks.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::demo::ring_demo;
use crate::problem::{Kind, Problem};

/// A made-up customer's call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DemoCall {
    /// The number that calls.
    number: String,
}

/// A made-up customer, one of the leads, calls the signed-in agent. Only where the simulator is inside this desk, and
/// on this machine.
#[utoipa::path(
    post,
    path = "/api/demo/call",
    tag = "customers",
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "The call rings", body = DemoCall),
        (status = 404, description = "The simulator is not inside this desk"),
        (status = 409, description = "The agent is not ready"),
    ),
)]
pub(super) async fn call(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<DemoCall>, Problem> {
    let demo = desk.settings().customers.demo.clone();
    let demo = demo.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such route"))?;
    let [agent] = caller.own.as_slice() else {
        let message = "the caller is not one agent: a call rings one";
        return Err(Problem::new(Kind::Forbidden, message));
    };
    let number = ring_demo(&*demo, agent)?.to_owned();
    Ok(Json(DemoCall { number }))
}
