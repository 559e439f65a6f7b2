//! Notes as they are typed.

use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::visible;
use crate::access::no_such;
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
}

/// Keeps notes as they are typed, so that a reload loses nothing.
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
    if !caller.may_act_on_call_of(call.state.agent.as_ref()) {
        return Err(no_such("call"));
    }
    if body.notes.chars().count() > LONGEST {
        return Err(Problem::field("notes", "are longer than 10000 characters"));
    }
    let draft = Draft { by: caller.id, notes: body.notes, at: desk.now() };
    desk.store().save_draft(&call.id, draft).await?;
    Ok(StatusCode::NO_CONTENT)
}
