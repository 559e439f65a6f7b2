//! One user.

use axum::Json;
use axum::extract::{Path, State};

use super::UserView;
use crate::access::no_such;
use crate::desk::Desk;
use crate::problem::Problem;

/// A user.
#[utoipa::path(
    get,
    path = "/api/admin/users/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    extensions(("x-allow" = json!("administrator"))),
    responses(
        (status = 200, description = "The user", body = UserView),
        (status = 404, description = "There is no such user"),
    ),
)]
pub(super) async fn show(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<UserView>, Problem> {
    let user = desk.store().user(&id).await?.ok_or_else(|| no_such("user"))?;
    Ok(Json(UserView::of(&desk, user).await?))
}
