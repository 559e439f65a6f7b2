//! A call is handed over if its caller asks for a human.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::handoff::HandoffRequest;
use crate::core::handoff::intent::Intent;
use crate::desk::Desk;
use crate::flow::handing_over::hand_over_if_asked;
use crate::problem::Problem;

/// Hands a call over if what the caller said last, `speech`, asks for a human. The phrases are data
/// (`DESK_HANDOFF_PHRASES`); what is taken back in the same breath is no wish.
#[utoipa::path(
    post,
    path = "/api/handoff/speech",
    tag = "customers",
    extensions(("x-allow" = json!("service")), ("x-unknown-fields" = json!("kept"))),
    request_body = HandoffRequest,
    responses(
        (status = 200, description = "`intent` is `human`, with the `handoff`, or `none`", body = Object),
        (status = 400, description = "A field is not taken: `errors` names it"),
    ),
)]
pub(super) async fn speech(
    State(desk): State<Desk>,
    caller: Caller,
    Body(request): Body<HandoffRequest>,
) -> Result<Json<Value>, Problem> {
    let (intent, reply) = hand_over_if_asked(&desk, &caller.id, request).await?;
    let (word, language) = match intent {
        Intent::Human(language) => ("human", Some(language)),
        Intent::None => ("none", None),
    };
    let handoff = reply.map(|reply| reply.to_body());
    Ok(Json(json!({"intent": word, "language": language, "handoff": handoff})))
}
