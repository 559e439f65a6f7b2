//! What a call came to, and what is known of a lead, in a few sentences.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::assist::summary::{call_summary, lead_summary};
use crate::flow::customers::handles_lead;
use crate::problem::Problem;
use crate::routes::calls::{audit_showing, handles, visible};

/// What a call came to.
#[derive(Serialize, ToSchema)]
pub(super) struct CallSummary {
    /// Plain text.
    text: String,
    /// Always: a provider wrote it.
    generated: bool,
}

/// What is known of a lead.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadSummary {
    /// Plain text: two sentences at most.
    text: String,
    /// Always: a provider wrote it.
    generated: bool,
    /// When, as RFC 3339 has it.
    at: String,
}

/// What a call came to, once it is over. While that is being written, it is waited for, for three seconds.
#[utoipa::path(
    get,
    path = "/api/calls/{ucid}/summary",
    tag = "assist",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "The summary", body = CallSummary),
        (status = 204, description = "There is none"),
    ),
)]
pub(super) async fn of_call(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
) -> Result<Response, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    let Some(text) = call_summary(&desk, &call.id).await? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    if !handles(&caller, &call) {
        audit_showing(&desk, &caller, "summary.read", &call).await?;
    }
    Ok(Json(CallSummary { text, generated: true }).into_response())
}

/// What is known of a lead in two sentences, if a provider writes them within three seconds. For who handles the person.
#[utoipa::path(
    get,
    path = "/api/leads/{id}/summary",
    tag = "assist",
    params(("id" = String, Path, description = "The lead's id")),
    extensions(("x-allow" = json!("agent"))),
    responses(
        (status = 200, description = "The summary", body = LeadSummary),
        (status = 204, description = "There is none, or not in time"),
        (status = 404, description = "There is no such lead"),
    ),
)]
pub(super) async fn of_lead(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let lead = desk.platform().lead(&id).await?.ok_or_else(|| no_such("lead"))?;
    // Notes are for who handles the person, and so is what is written out of them.
    if !handles_lead(&desk, &caller, &lead).await? {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let Some((text, at_ms)) = lead_summary(&desk, &lead).await else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    Ok(Json(LeadSummary { text, generated: true, at: time(at_ms)? }).into_response())
}
