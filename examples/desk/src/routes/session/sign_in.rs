//! Sign in.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use ozonetel_sdk::auth::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::signed_in::{Me, signed_in};
use crate::body::Body;
use crate::desk::Desk;
use crate::flow::agent_state;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// The address.
    #[schema(example = "agent01@desk.test")]
    email: String,
    /// The password.
    #[serde(deserialize_with = "crate::body::secret")]
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// Signs in.
///
/// The session is in a cookie, which pages cannot read. Every sign-in opens a new session; programs use a token instead.
#[utoipa::path(
    post,
    path = "/api/session",
    tag = "session",
    extensions(("x-allow" = json!("none"))),
    request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = Me,
         headers(("set-cookie" = String, description = "The session"))),
        (status = 401, description = "The address or the password is wrong"),
        (status = 429, description = "Tried too often"),
        (status = 503, description = "Too many passwords are being checked"),
    ),
)]
pub(crate) async fn sign_in(
    State(desk): State<Desk>,
    from: RequestOrigin,
    Body(body): Body<Credentials>,
) -> Result<Response, Problem> {
    let opened = desk.people().sign_in(&body.email, body.password, from).await?;
    agent_state::signed_in(&desk, &opened.user.id).await?;
    signed_in(&desk, StatusCode::OK, opened).await
}
