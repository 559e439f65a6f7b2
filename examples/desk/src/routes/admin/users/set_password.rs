//! Give a user a new first password.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::auth::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::password;
use crate::people::sign_in::RequestOrigin;
use crate::people::token::new_token;
use crate::problem::{Kind, Problem};
use crate::store::audit::AuditRow;

/// The password to set.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewPassword {
    /// The password; one is made up if there is none.
    #[serde(default, deserialize_with = "crate::body::optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
}

/// What was set.
#[derive(Serialize, ToSchema)]
pub(super) struct SetPassword {
    /// The password that was made up: it is shown this once. None if it was given.
    password: Option<String>,
}

/// Gives a user a new first password, which has to be changed at the next sign-in. The user's sessions end.
#[utoipa::path(
    post,
    path = "/api/admin/users/{id}/password",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    extensions(("x-allow" = json!("administrator"))),
    request_body = NewPassword,
    responses(
        (status = 200, description = "Set", body = SetPassword),
        (status = 404, description = "There is no such user"),
    ),
)]
pub(super) async fn set_password(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
    Body(body): Body<NewPassword>,
) -> Result<Json<SetPassword>, Problem> {
    let people = desk.people();
    let user = desk.store().user(&id).await?.ok_or_else(|| no_such("user"))?;
    let given = body.password.is_some();
    let new = match body.password {
        Some(password) => {
            password::check(&password, &user.email)
                .map_err(|weak| Problem::field("password", weak.to_string()))?;
            password
        }
        None => new_token("").map_err(|error| Problem::new(Kind::Internal, error.to_string()))?.0,
    };
    let hash = people.passwords().hash(new.clone()).await?;
    let row = AuditRow::new(people.now(), &caller, "user.password", format!("user:{id}"))
        .in_request(from.request);
    desk.store().set_password(&id, hash, true, row).await?;
    people.changed();
    people.forget_tries(&user.email).await?;
    Ok(Json(SetPassword { password: (!given).then(|| new.reveal().to_owned()) }))
}
