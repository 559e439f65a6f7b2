//! The callback after a call.

use axum::extract::{Path, RawQuery, State};

use super::{ProvenPush, check};
use crate::desk::Desk;
use crate::flow::push_address::PushKind;
use crate::problem::Problem;

/// Takes a push that comes in the query; without one, answers the console, which asks whether there is such an address.
#[utoipa::path(
    get,
    path = "/webhooks/ozonetel/calls/{secret}",
    tag = "intake",
    params(("secret" = String, Path, description = "DESK_WEBHOOK_SECRET")),
    extensions(("x-allow" = json!("secret"))),
    responses((status = 200, description = "Taken"), (status = 404, description = "Another secret")),
)]
pub(super) async fn check_calls(
    State(desk): State<Desk>,
    Path(secret): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<(), Problem> {
    check(&desk, PushKind::Calls, &secret, query.as_deref()).await
}

/// The callback after a call: stored without the account's key, answered, and worked later. The same again changes nothing.
#[utoipa::path(
    post,
    path = "/webhooks/ozonetel/calls/{secret}",
    tag = "intake",
    params(("secret" = String, Path, description = "DESK_WEBHOOK_SECRET")),
    extensions(("x-allow" = json!("secret"))),
    responses(
        (status = 200, description = "Stored"),
        (status = 400, description = "In no form that is known"),
        (status = 404, description = "Another secret"),
    ),
)]
pub(super) async fn calls(State(desk): State<Desk>, push: ProvenPush) -> Result<(), Problem> {
    push.receive(&desk, PushKind::Calls).await
}
