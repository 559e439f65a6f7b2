//! One agent.

use axum::Json;
use axum::extract::{Path, State};

use crate::access::no_such;
use crate::core::caller::{Caller, Scope};
use crate::desk::Desk;
use crate::flow::agent_view::{AgentView, agent_views};
use crate::problem::Problem;

/// One agent: what the service says, what was asked for, the softphone, the call.
#[utoipa::path(
    get,
    path = "/api/agents/{id}",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "The agent", body = AgentView),
        (status = 404, description = "There is no such agent"),
    ),
)]
pub(super) async fn agent(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Problem> {
    let agent = id.as_str().into();
    if !caller.may_act_for(&agent) {
        return Err(no_such("agent"));
    }
    let known = desk.store().kept_agent(&agent).await?.is_some()
        || desk.store().link_of_agent(&agent).await?.is_some()
        || caller.scope.agents().is_some();
    let mut views =
        if known { agent_views(&desk, &Scope::Agents(vec![agent])).await? } else { Vec::new() };
    views.pop().map(Json).ok_or_else(|| no_such("agent"))
}
