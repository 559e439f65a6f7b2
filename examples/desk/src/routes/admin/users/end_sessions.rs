//! End a user's sessions.

use axum::extract::{Path, State};
use http::StatusCode;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;

/// Ends all sessions of a user: whoever has one has to sign in again.
#[utoipa::path(
    delete,
    path = "/api/admin/users/{id}/sessions",
    tag = "admin",
    params(("id" = String, Path, description = "The user's id")),
    extensions(("x-allow" = json!("administrator"))),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "There is no such user"),
    ),
)]
pub(super) async fn end_sessions(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = AuditRow::new(desk.people().now(), &caller, "user.sign_out", format!("user:{id}"))
        .in_request(from.request);
    if !desk.store().end_sessions_of(&id, row).await? {
        return Err(no_such("user"));
    }
    desk.people().changed();
    Ok(StatusCode::NO_CONTENT)
}
