//! Notes as they are typed.

use axum::extract::{Path, State};
use http::StatusCode;
use ozonetel_sdk::types::AgentId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{part_of, visible};
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::Draft;

/// The longest notes.
const LONGEST: usize = 10_000;

/// Notes.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DraftNotes {
    /// What is typed so far.
    notes: String,
    /// The agent of whose part in the call they are; else of whose the call is, or of the caller's own.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Option<AgentId>,
}

/// Keeps an agent's notes as they are typed, so that a reload loses nothing.
#[utoipa::path(
    put,
    path = "/api/calls/{ucid}/draft",
    tag = "calls",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = DraftNotes,
    responses((status = 204, description = "Kept")),
)]
pub(crate) async fn save(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
    Body(body): Body<DraftNotes>,
) -> Result<StatusCode, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    let agent = part_of(&desk, &caller, &call, body.agent)?;
    if body.notes.chars().count() > LONGEST {
        return Err(Problem::field("notes", "are longer than 10000 characters"));
    }
    let draft = Draft { by: caller.id, notes: body.notes, at: desk.now() };
    desk.store().save_draft(&call.id, &agent, draft).await?;
    Ok(StatusCode::NO_CONTENT)
}
