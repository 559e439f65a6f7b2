//! Pause and resume the recording.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{check_call, of_call};
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

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
    check_call(&caller, desk.known(&body.ucid).await.agent.as_ref())?;
    let client = desk.client().clone();
    let work = async move {
        let recording = client.recording();
        Ok(if pause {
            recording.pause(body.ucid).await?
        } else {
            recording.unpause(body.ucid).await?
        })
    };
    let done = desk.tasks().run(TaskKind::Change, work).await.map_err(of_call)?;
    Ok(Json(Recorded { status: done.status, message: done.message }))
}
