//! Pause and resume the recording.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::calls::{audit_row, is_seen, known_of, word};
use crate::access::{check_call, of_call};
use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::fact::Action;
use crate::desk::Desk;
use crate::flow::controlling::{ControlOrder, control as send};
use crate::flow::facts::Actor;
use crate::problem::Problem;
use crate::store::LoadedCall;

/// Which recording, and what to do with it.
#[derive(Deserialize, ToSchema)]
pub(super) struct Record {
    /// The call's id.
    #[schema(value_type = String)]
    ucid: Ucid,
    /// `pause` or `unPause`.
    #[schema(example = "pause")]
    action: String,
}

/// The inner outcome, in the service's words.
#[derive(Serialize, ToSchema)]
pub(super) struct Recorded {
    status: String,
    message: String,
}

/// Pauses or resumes the recording of a call.
#[utoipa::path(
    post,
    path = "/api/ozonetel/recording",
    tag = "front ends",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = Record,
    responses((status = 200, description = "Done", body = Recorded)),
)]
pub(super) async fn record(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<Record>,
) -> Result<Json<Recorded>, Problem> {
    let pause = match body.action.trim() {
        action if action.eq_ignore_ascii_case("pause") => true,
        action if action.eq_ignore_ascii_case("unPause") => false,
        _ => return Err(Problem::bad_request("action has to be pause or unPause")),
    };
    let (known, loaded) = known_of(&desk, &body.ucid).await?;
    check_call(&caller, known.agent.as_ref())?;
    let action = if pause { Action::PauseRecording } else { Action::ResumeRecording };
    let is_seen = is_seen(loaded.as_ref());
    let agent = known.agent.unwrap_or_else(|| "".into());
    let audit = audit_row(&desk, &caller, word(&action), body.ucid.as_str(), Some(&agent));
    let order = ControlOrder {
        actor: Actor { by: caller.id.clone(), agent },
        ucid: body.ucid,
        call: loaded.as_ref().map(LoadedCall::stored),
        loaded,
        // The recording is known by the leg alone.
        did: None,
        phone_name: None,
        agent_number: None,
        action,
        is_judged: false,
        audit,
    };
    let done = send(&desk, order).await.map_err(|problem| of_call(problem, is_seen))?;
    Ok(Json(Recorded { status: done.status, message: done.message }))
}
