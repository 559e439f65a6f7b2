//! Revoke a token.

use axum::extract::{Path, State};
use http::StatusCode;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;

/// Revokes a token: from now on it is not known.
#[utoipa::path(
    delete,
    path = "/api/admin/tokens/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The token's id")),
    extensions(("x-allow" = json!("administrator"))),
    responses(
        (status = 204, description = "Revoked"),
        (status = 404, description = "There is no such token"),
    ),
)]
pub(super) async fn revoke(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = AuditRow::new(desk.people().now(), &caller, "token.revoke", format!("token:{id}"))
        .in_request(from.request);
    if !desk.store().remove_token(&id, row).await? {
        return Err(no_such("token"));
    }
    desk.people().changed();
    Ok(StatusCode::NO_CONTENT)
}
