//! What was suggested in a call.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::time;
use crate::access::no_such;
use crate::core::assist::transcript::Suggestion;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::routes::calls::{audit_showing, handles, visible};

/// How many are answered.
const MOST: u32 = 1_000;

/// What was suggested.
#[derive(Serialize, ToSchema)]
pub(super) struct SuggestionList {
    /// The suggestions, the first first.
    suggestions: Vec<SuggestionView>,
}

/// A suggestion.
#[derive(Serialize, ToSchema)]
struct SuggestionView {
    /// Its id.
    id: String,
    /// Plain text, which a provider wrote.
    text: String,
    /// When, as RFC 3339 has it.
    at: String,
    /// Whether the agent has put it away.
    dismissed: bool,
}

impl SuggestionView {
    fn of(suggestion: Suggestion) -> Result<Self, Problem> {
        let Suggestion { id, text, at_ms, dismissed } = suggestion;
        Ok(Self { id, text, at: time(at_ms)?, dismissed })
    }
}

/// What was suggested in a call. Who reads it without having had a part in the call is in the audit.
#[utoipa::path(
    get,
    path = "/api/calls/{ucid}/suggestions",
    tag = "assist",
    params(("ucid" = String, Path, description = "The call's id, or a leg's")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The suggestions", body = SuggestionList)),
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    Path(ucid): Path<String>,
) -> Result<Json<SuggestionList>, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    let suggestions = desk.store().suggestions(&call.id, MOST).await?;
    if !handles(&caller, &call) && !suggestions.is_empty() {
        audit_showing(&desk, &caller, "suggestions.read", &call).await?;
    }
    let suggestions = suggestions.into_iter().map(SuggestionView::of).collect::<Result<_, _>>()?;
    Ok(Json(SuggestionList { suggestions }))
}

/// Puts a suggestion away, for good. One that is away already stays so.
#[utoipa::path(
    post,
    path = "/api/calls/{ucid}/suggestions/{id}/dismiss",
    tag = "assist",
    params(
        ("ucid" = String, Path, description = "The call's id, or a leg's"),
        ("id" = String, Path, description = "The suggestion's id"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 204, description = "It is away"),
        (status = 404, description = "There is no such call, or no such suggestion"),
    ),
)]
pub(super) async fn dismiss(
    State(desk): State<Desk>,
    caller: Caller,
    Path((ucid, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let call = visible(&desk, &caller, &ucid).await?;
    if !caller.may_act_on_call_of(call.state.agent.as_ref()) {
        return Err(no_such("call"));
    }
    if !desk.store().dismiss_suggestion(&call.id, &id).await? {
        return Err(no_such("suggestion"));
    }
    Ok(StatusCode::NO_CONTENT)
}
