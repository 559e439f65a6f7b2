//! The end of a leg that KooKoo rang.

use axum::extract::{Path, State};

use crate::desk::Desk;
use crate::flow::push_address::PushKind;
use crate::problem::Problem;
use crate::routes::webhooks::{ProvenPush, prove};

/// Answers the console, which asks whether there is such an address.
#[utoipa::path(
    get,
    path = "/kookoo/callback/{secret}",
    tag = "intake",
    params(("secret" = String, Path, description = "DESK_WEBHOOK_SECRET")),
    extensions(("x-allow" = json!("secret"))),
    responses((status = 200, description = "There is"), (status = 404, description = "Another secret")),
)]
pub(super) async fn check(
    State(desk): State<Desk>,
    Path(secret): Path<String>,
) -> Result<(), Problem> {
    prove(&desk, &secret)
}

/// The end of a leg that KooKoo rang for this desk: stored, answered, and worked later. The same again changes nothing.
#[utoipa::path(
    post,
    path = "/kookoo/callback/{secret}",
    tag = "intake",
    params(("secret" = String, Path, description = "DESK_WEBHOOK_SECRET")),
    extensions(("x-allow" = json!("secret"))),
    responses(
        (status = 200, description = "Stored"),
        (status = 400, description = "In no form that is known"),
        (status = 404, description = "Another secret"),
    ),
)]
pub(super) async fn take(State(desk): State<Desk>, push: ProvenPush) -> Result<(), Problem> {
    push.receive(&desk, PushKind::Kookoo).await
}
