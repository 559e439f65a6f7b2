//! Who asks.

use axum::Json;
use axum::extract::State;

use super::super::signed_in::Me;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;

/// Who asks: user or token, role, agents.
#[utoipa::path(
    get,
    path = "/api/me",
    tag = "session",
    extensions(("x-allow" = json!("self"))),
    responses((status = 200, description = "Who asks", body = Me)),
)]
pub(crate) async fn show(State(desk): State<Desk>, caller: Caller) -> Result<Json<Me>, Problem> {
    Ok(Json(Me::of(&desk, &caller).await?))
}
