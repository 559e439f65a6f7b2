//! Calls that no one answered.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{MOST, MissedView};
use crate::desk::Desk;
use crate::problem::Problem;

/// Numbers to call back.
#[derive(Serialize, ToSchema)]
pub(super) struct MissedNumbers {
    /// One entry per number, the newest missed call first.
    missed: Vec<MissedView>,
}

/// Numbers whose last call no one answered and whom no one has reached since, one entry each.
#[utoipa::path(
    get,
    path = "/api/missed",
    tag = "work",
    extensions(("x-allow" = json!("agent"))),
    responses((status = 200, description = "The numbers", body = MissedNumbers)),
)]
pub(super) async fn missed(State(desk): State<Desk>) -> Result<Json<MissedNumbers>, Problem> {
    Ok(Json(MissedNumbers { missed: all(&desk).await? }))
}

/// The numbers, as they are sent out.
pub(super) async fn all(desk: &Desk) -> Result<Vec<MissedView>, Problem> {
    let mut missed = Vec::new();
    for found in desk.store().open_missed(MOST).await? {
        missed.push(MissedView::of(desk, found.record).await?);
    }
    Ok(missed)
}
