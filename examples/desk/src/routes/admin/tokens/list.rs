//! All tokens.

use axum::Json;
use axum::extract::State;

use super::TokenView;
use crate::desk::Desk;
use crate::problem::Problem;

/// All tokens, newest first.
#[utoipa::path(
    get,
    path = "/api/admin/tokens",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 200, description = "The tokens", body = Vec<TokenView>)),
)]
pub(super) async fn list(State(desk): State<Desk>) -> Result<Json<Vec<TokenView>>, Problem> {
    Ok(Json(desk.store().tokens().await?.into_iter().map(TokenView::from).collect()))
}
