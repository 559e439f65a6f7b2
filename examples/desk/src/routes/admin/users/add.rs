//! Add a user.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ozonetel_sdk::auth::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::UserView;
use crate::body::Body;
use crate::core::caller::{Caller, Role};
use crate::desk::Desk;
use crate::people::sign_in::{RequestOrigin, is_email, normal_email};
use crate::people::token::new_id;
use crate::people::{fields, password};
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::store::users::{User, UserLogin};

/// A user to add.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewUser {
    /// The address to sign in with.
    #[schema(example = "agent07@example.test")]
    email: String,
    /// The name to show; the address if there is none.
    #[serde(default)]
    name: String,
    /// What the user may do.
    role: Role,
    /// The first password, which the user has to change; without one no one signs in.
    #[serde(default, deserialize_with = "crate::body::optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
}

/// Adds a user. The password is the first one: the user has to change it.
#[utoipa::path(
    post,
    path = "/api/admin/users",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    request_body = NewUser,
    responses(
        (status = 201, description = "Added", body = UserView),
        (status = 409, description = "The address is in use"),
    ),
)]
pub(super) async fn add(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Body(body): Body<NewUser>,
) -> Result<(StatusCode, Json<UserView>), Problem> {
    let email = normal_email(&body.email);
    if !is_email(&email) {
        return Err(Problem::field("email", "is not an address"));
    }
    if body.role == Role::Service {
        return Err(Problem::field("role", "service is for tokens: POST /api/admin/tokens"));
    }
    let name = fields::name(&body.name, &email)?;
    let people = desk.people();
    let hash = match body.password {
        Some(password) => {
            password::check(&password, &email)
                .map_err(|weak| Problem::field("password", weak.to_string()))?;
            Some(people.passwords().hash(password).await?)
        }
        None => None,
    };
    let user = User {
        id: new_id(),
        email,
        name,
        role: body.role,
        has_password: hash.is_some(),
        must_change: true,
        disabled: false,
        made_at: people.now(),
    };
    let row = AuditRow::new(people.now(), &caller, "user.add", format!("user:{}", user.id))
        .in_request(from.request);
    desk.store().add_user(UserLogin { user: user.clone(), hash }, row).await?;
    Ok((StatusCode::CREATED, Json(UserView::new(user, &[]))))
}
