//! All teams.

use axum::Json;
use axum::extract::State;

use super::TeamView;
use crate::desk::Desk;
use crate::problem::Problem;

/// All teams, by name.
#[utoipa::path(
    get,
    path = "/api/admin/teams",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 200, description = "The teams", body = Vec<TeamView>)),
)]
pub(super) async fn list(State(desk): State<Desk>) -> Result<Json<Vec<TeamView>>, Problem> {
    Ok(Json(desk.store().teams().await?.into_iter().map(TeamView::from).collect()))
}
