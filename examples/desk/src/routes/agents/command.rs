//! Ready, pause, log in, log out, force ready, free.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::agent_state::{self, AgentCommand};
use crate::flow::agent_view::AgentView;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;

async fn run(
    desk: &Desk,
    caller: &Caller,
    from: RequestOrigin,
    id: &str,
    command: AgentCommand,
) -> Result<Json<AgentView>, Problem> {
    let agent = id.into();
    if !caller.may_act_for(&agent) {
        return Err(no_such("agent"));
    }
    agent_state::command(desk, caller, agent, command, from.request).await.map(Json)
}

/// Asks for Ready. In a call, a pause that was asked for after it is taken back.
#[utoipa::path(
    post,
    path = "/api/agents/{id}/ready",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "Asked for", body = AgentView)),
)]
pub(super) async fn ready(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Problem> {
    run(&desk, &caller, from, &id, AgentCommand::Ready).await
}

/// Why an agent pauses.
#[derive(Deserialize, ToSchema)]
pub(super) struct PauseBody {
    /// One of the campaign's reasons.
    #[serde(default)]
    #[schema(example = "lunch")]
    reason: String,
}

/// Asks for a pause; in a call, for after it.
#[utoipa::path(
    post,
    path = "/api/agents/{id}/pause",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = PauseBody,
    responses((status = 200, description = "Asked for", body = AgentView)),
)]
pub(super) async fn pause(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
    Body(body): Body<PauseBody>,
) -> Result<Json<AgentView>, Problem> {
    let reason = body.reason.trim();
    if reason.is_empty() || reason.len() > 200 {
        return Err(Problem::field("reason", "has to be one of GET /api/pause-reasons"));
    }
    run(&desk, &caller, from, &id, AgentCommand::Pause(reason.into())).await
}

/// Logs an agent in. One who is in already counts as in.
#[utoipa::path(
    post,
    path = "/api/agents/{id}/login",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "Logged in", body = AgentView)),
)]
pub(super) async fn log_in(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Problem> {
    run(&desk, &caller, from, &id, AgentCommand::Login).await
}

/// Logs an agent out, but not in a call.
#[utoipa::path(
    post,
    path = "/api/agents/{id}/logout",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "Logged out", body = AgentView),
        (status = 409, description = "The agent is in a call"),
    ),
)]
pub(super) async fn log_out(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Problem> {
    run(&desk, &caller, from, &id, AgentCommand::Logout).await
}

/// Logs an agent out and in again, out of whatever state but a call.
#[utoipa::path(
    post,
    path = "/api/agents/{id}/force-ready",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "Logged in again", body = AgentView),
        (status = 409, description = "The agent is in a call"),
    ),
)]
pub(super) async fn force_ready(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Problem> {
    run(&desk, &caller, from, &id, AgentCommand::ForceReady).await
}

/// Frees an agent of the team who is stuck in a pause or in after-call work. What dispositions the agent owes are then
/// the caller's to give.
#[utoipa::path(
    post,
    path = "/api/agents/{id}/free",
    tag = "agents",
    params(("id" = String, Path, description = "The agent's login id")),
    extensions(("x-allow" = json!("supervisor:team"))),
    responses(
        (status = 200, description = "Asked for", body = AgentView),
        (status = 409, description = "The agent is in a call"),
    ),
)]
pub(super) async fn free(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<AgentView>, Problem> {
    run(&desk, &caller, from, &id, AgentCommand::Free).await
}
