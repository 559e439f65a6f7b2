//! Change one's own password.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use ozonetel_sdk::auth::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::signed_in::{Me, signed_in};
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::{RequestOrigin, SignInError};
use crate::problem::{Kind, Problem};
use crate::store::sessions::Session;

/// The password that is, and the one that is to be.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordChange {
    /// The password that is.
    #[serde(deserialize_with = "crate::body::secret")]
    #[schema(value_type = String, format = Password)]
    current: Secret,
    /// The password that is to be: at least ten characters.
    #[serde(deserialize_with = "crate::body::secret")]
    #[schema(value_type = String, format = Password)]
    new: Secret,
}

/// Changes the password of who is signed in.
///
/// All sessions of the user end, and a new one is opened in this browser.
#[utoipa::path(
    put,
    path = "/api/me/password",
    tag = "session",
    extensions(("x-allow" = json!("self"))),
    request_body = PasswordChange,
    responses(
        (status = 200, description = "Changed", body = Me,
         headers(("set-cookie" = String, description = "The new session"))),
        (status = 429, description = "Tried too often"),
    ),
)]
pub(crate) async fn change(
    State(desk): State<Desk>,
    caller: Caller,
    _: Session,
    from: RequestOrigin,
    Body(body): Body<PasswordChange>,
) -> Result<Response, Problem> {
    let changed = desk.people().change_own_password(&caller, body.current, body.new, from).await;
    let opened = changed.map_err(|error| match error {
        // The session is good: 401 would ask for a new one.
        SignInError::Wrong => Problem::new(Kind::Forbidden, "the current password is wrong"),
        SignInError::Weak(weak) => Problem::field("new", weak.to_string()),
        other => other.into(),
    })?;
    signed_in(&desk, StatusCode::OK, opened).await
}
