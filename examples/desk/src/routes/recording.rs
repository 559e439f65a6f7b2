//! Pause and resume the recording.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::Ucid;
use serde::{Deserialize, Serialize};

use crate::body::Body;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
pub(super) struct Record {
    ucid: Ucid,
    action: String,
}

/// The inner outcome, in the service's words.
#[derive(Serialize)]
pub(super) struct Recorded {
    status: String,
    message: String,
}

pub(super) async fn record(
    State(desk): State<Desk>,
    Body(body): Body<Record>,
) -> Result<Json<Recorded>, Problem> {
    let pause = match body.action.trim() {
        action if action.eq_ignore_ascii_case("pause") => true,
        action if action.eq_ignore_ascii_case("unPause") => false,
        _ => return Err(Problem::bad_request("action has to be pause or unPause")),
    };
    let client = desk.client().clone();
    let work = async move {
        let recording = client.recording();
        Ok(if pause {
            recording.pause(body.ucid).await?
        } else {
            recording.unpause(body.ucid).await?
        })
    };
    let done = desk.tasks().run(TaskKind::Change, work).await?;
    Ok(Json(Recorded { status: done.status, message: done.message }))
}
