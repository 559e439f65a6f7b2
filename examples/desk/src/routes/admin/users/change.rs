//! Change a user.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::UserView;
use crate::body::Body;
use crate::core::caller::{Caller, Role};
use crate::desk::Desk;
use crate::people::fields;
use crate::people::sign_in::RequestOrigin;
use crate::problem::{Kind, Problem};
use crate::store::audit::AuditRow;
use crate::store::users::{UserChange, UserChanged};

/// What changes; what is not said stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangedUser {
    /// Another name.
    #[serde(default)]
    name: Option<String>,
    /// Another role: the user's sessions end.
    #[serde(default)]
    role: Option<Role>,
    /// Whether signing in is refused: if so, the user's sessions end.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Changes a user's name or role, disables or enables.
#[utoipa::path(
    patch,
    path = "/api/admin/users/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    extensions(("x-allow" = json!("administrator"))),
    request_body = ChangedUser,
    responses(
        (status = 200, description = "Changed", body = UserView),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "No administrator would be left"),
    ),
)]
pub(super) async fn change(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
    Body(body): Body<ChangedUser>,
) -> Result<Json<UserView>, Problem> {
    let name = body.name.map(|name| fields::name(&name, "")).transpose()?;
    if body.role == Some(Role::Service) {
        return Err(Problem::field("role", "service is for tokens: POST /api/admin/tokens"));
    }
    let action = match body.disabled {
        Some(true) => "user.disable",
        Some(false) => "user.enable",
        None => "user.change",
    };
    let change = UserChange { name, role: body.role, disabled: body.disabled };
    let row = AuditRow::new(desk.people().now(), &caller, action, format!("user:{id}"))
        .in_request(from.request);
    let changed = desk.store().change_user(&id, change, row).await?;
    desk.people().changed();
    match changed {
        UserChanged::Changed(user) => {
            if body.disabled == Some(false) {
                desk.people().forget_tries(&user.email).await?;
            }
            Ok(Json(UserView::of(&desk, user).await?))
        }
        UserChanged::LastAdministrator => {
            Err(Problem::new(Kind::Conflict, "no administrator would be left"))
        }
    }
}
