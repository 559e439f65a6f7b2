//! The agents.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::agent_view::{AgentView, agent_views};
use crate::problem::Problem;

/// Agents.
#[derive(Serialize, ToSchema)]
pub(super) struct AgentList {
    /// The agents, by id.
    agents: Vec<AgentView>,
}

/// The agents: an agent's own, a supervisor's team, all for an administrator.
#[utoipa::path(
    get,
    path = "/api/agents",
    tag = "agents",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The agents", body = AgentList)),
)]
pub(super) async fn agents(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<AgentList>, Problem> {
    Ok(Json(AgentList { agents: agent_views(&desk, &caller.scope).await? }))
}
