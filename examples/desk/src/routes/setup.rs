//! The first administrator.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use ozonetel_sdk::auth::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::signed_in::{Me, signed_in};
use crate::body::Body;
use crate::desk::Desk;
use crate::people::fields;
use crate::people::sign_in::{FirstAdministrator, RequestOrigin, is_email, normal_email};
use crate::problem::Problem;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(set_up))
}

/// The first administrator, and the secret of the link that was printed.
#[derive(Deserialize, ToSchema)]
struct SetUp {
    /// What follows the `#` of the link.
    #[serde(deserialize_with = "crate::body::secret")]
    #[schema(value_type = String, format = Password)]
    link: Secret,
    /// The address to sign in with.
    #[schema(example = "admin@example.test")]
    email: String,
    /// The name to show.
    #[serde(default)]
    name: String,
    /// The password: at least ten characters.
    #[serde(deserialize_with = "crate::body::secret")]
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// Makes the first administrator and signs in.
///
/// While there is no administrator, the desk prints a link at each start. It works once, and for an hour.
#[utoipa::path(
    post,
    path = "/api/setup",
    tag = "session",
    extensions(("x-allow" = json!("set-up"))),
    request_body = SetUp,
    responses(
        (status = 201, description = "Made and signed in", body = Me,
         headers(("set-cookie" = String, description = "The session"))),
        (status = 403, description = "The link cannot be used"),
        (status = 409, description = "The address is in use"),
        (status = 429, description = "Tried too often"),
    ),
)]
async fn set_up(
    State(desk): State<Desk>,
    from: RequestOrigin,
    Body(body): Body<SetUp>,
) -> Result<Response, Problem> {
    if !is_email(&normal_email(&body.email)) {
        return Err(Problem::field("email", "is not an address"));
    }
    let name = fields::name(&body.name, &body.email)?;
    let first = FirstAdministrator { email: body.email, name, password: body.password };
    let opened = desk.people().set_up(body.link.reveal(), first, from).await?;
    signed_in(&desk, StatusCode::CREATED, opened).await
}
