//! A call is handed over if its caller asks for a human.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::HandoffAnswer;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::handoff::HandoffRequest;
use crate::core::handoff::intent::Intent;
use crate::desk::Desk;
use crate::flow::handing_over::hand_over_if_asked;
use crate::problem::Problem;

/// What the caller wants.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SpeechAnswer {
    /// `human` or `none`.
    intent: &'static str,
    /// The language in which the caller asked.
    language: Option<String>,
    /// The hand-off, if the caller wants a human.
    handoff: Option<HandoffAnswer>,
}

/// Hands a call over if what the caller said last, `speech`, asks for a human. The phrases are data
/// (`DESK_HANDOFF_PHRASES`); what is taken back in the same breath is no wish.
#[utoipa::path(
    post,
    path = "/api/handoff/speech",
    tag = "customers",
    extensions(("x-allow" = json!("service")), ("x-unknown-fields" = json!("kept"))),
    request_body = HandoffRequest,
    responses(
        (status = 200, description = "`intent` is `human`, with the `handoff`, or `none`", body = SpeechAnswer),
        (status = 400, description = "A field is not taken: `errors` names it"),
    ),
)]
pub(super) async fn speech(
    State(desk): State<Desk>,
    caller: Caller,
    Body(request): Body<HandoffRequest>,
) -> Result<Json<SpeechAnswer>, Problem> {
    let (intent, reply) = hand_over_if_asked(&desk, &caller.id, request).await?;
    let (word, language) = match intent {
        Intent::Human(language) => ("human", Some(language)),
        Intent::None => ("none", None),
    };
    Ok(Json(SpeechAnswer { intent: word, language, handoff: reply.map(HandoffAnswer::from) }))
}
