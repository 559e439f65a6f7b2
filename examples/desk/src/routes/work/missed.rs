//! Calls that no one answered.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{MOST, MissedView};
use crate::desk::Desk;
use crate::flow::listed_leads::leads_of;
use crate::problem::Problem;

/// Numbers to call back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MissedNumbers {
    /// One entry per number, the newest missed call first, at most 500.
    missed: Vec<MissedView>,
    /// Whether there are more.
    more: bool,
    /// Whether the platform could not be asked for all leads: names may be missing.
    leads_missing: bool,
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
    Ok(Json(listed(&desk).await?))
}

/// The numbers, in a snapshot of everything.
pub(super) async fn all(desk: &Desk) -> Result<Vec<MissedView>, Problem> {
    Ok(listed(desk).await?.missed)
}

async fn listed(desk: &Desk) -> Result<MissedNumbers, Problem> {
    let mut found = desk.store().open_missed(MOST + 1).await?;
    let more = found.len() > MOST as usize;
    found.truncate(MOST as usize);
    let numbers: Vec<_> = found.iter().map(|one| one.record.number.clone()).collect();
    let leads = leads_of(desk, &numbers).await?;
    let missed = found.into_iter().map(|one| MissedView::with_lead(desk, one.record, &leads));
    Ok(MissedNumbers { missed: missed.collect(), more, leads_missing: leads.missing })
}
