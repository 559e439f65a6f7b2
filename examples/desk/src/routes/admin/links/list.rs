//! All links.

use axum::Json;
use axum::extract::State;

use super::LinkView;
use crate::desk::Desk;
use crate::problem::Problem;

/// All links between users and agents, by agent.
#[utoipa::path(
    get,
    path = "/api/admin/links",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 200, description = "The links", body = Vec<LinkView>)),
)]
pub(super) async fn list(State(desk): State<Desk>) -> Result<Json<Vec<LinkView>>, Problem> {
    Ok(Json(desk.store().links().await?.into_iter().map(LinkView::from).collect()))
}
