//! A call is handed over.

use axum::Json;
use axum::extract::State;

use super::HandoffAnswer;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::handoff::HandoffRequest;
use crate::desk::Desk;
use crate::flow::handing_over::hand_over;
use crate::problem::Problem;

/// Hands a call to the agent on an extension. The caller's profile is stored under the call's ids before anything is
/// asked of a carrier; what the request leaves out is taken from the session that the voice server has stored under
/// `session:{session_id}`. The same call of the same session again is answered with what became of it, and no agent is
/// rung twice.
#[utoipa::path(
    post,
    path = "/api/handoff",
    tag = "customers",
    extensions(("x-allow" = json!("service")), ("x-unknown-fields" = json!("kept"))),
    request_body = HandoffRequest,
    responses(
        (status = 200, description = "Handed over: `state` says how far it is", body = HandoffAnswer),
        (status = 400, description = "A field is not taken: `errors` names it"),
        (status = 409, description = "The call is being handed to another extension"),
        (status = 413, description = "It is too large"),
        (status = 502, description = "The carrier did not ring the agent: the caller is still with the assistant"),
        (status = 503, description = "A store does not answer: no carrier was asked"),
        (status = 504, description = "The agent may be ringing: do not hand over again"),
    ),
)]
pub(super) async fn begin(
    State(desk): State<Desk>,
    caller: Caller,
    Body(request): Body<HandoffRequest>,
) -> Result<Json<HandoffAnswer>, Problem> {
    Ok(Json(hand_over(&desk, &caller.id, request).await?.into()))
}
