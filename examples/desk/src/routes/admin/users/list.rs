//! All users.

use axum::Json;
use axum::extract::State;

use super::UserView;
use crate::desk::Desk;
use crate::problem::Problem;

/// All users, by address.
#[utoipa::path(
    get,
    path = "/api/admin/users",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 200, description = "The users", body = Vec<UserView>)),
)]
pub(super) async fn list(State(desk): State<Desk>) -> Result<Json<Vec<UserView>>, Problem> {
    let (users, links) = (desk.store().users().await?, desk.store().links().await?);
    Ok(Json(users.into_iter().map(|user| UserView::new(user, &links)).collect()))
}
