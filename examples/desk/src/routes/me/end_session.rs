//! End one of one's own sessions.

use axum::extract::{Path, State};
use http::StatusCode;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::store::sessions::Session;

/// Ends a session of who is signed in, for example one on a machine that was lost.
#[utoipa::path(
    delete,
    path = "/api/me/sessions/{id}",
    tag = "session",
    params(("id" = String, Path, description = "The session's id")),
    extensions(("x-allow" = json!("self"))),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "There is no such session"),
    ),
)]
pub(crate) async fn end(
    State(desk): State<Desk>,
    caller: Caller,
    _: Session,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = AuditRow::new(desk.people().now(), &caller, "session.end", format!("session:{id}"))
        .in_request(from.request);
    if !desk.store().end_session(&caller.id, &id, row).await? {
        return Err(no_such("session"));
    }
    desk.people().changed();
    Ok(StatusCode::NO_CONTENT)
}
