//! Remove a team.

use axum::extract::{Path, State};
use http::StatusCode;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;

/// Removes a team. Its agents and supervisors stay.
#[utoipa::path(
    delete,
    path = "/api/admin/teams/{id}",
    tag = "admin",
    params(("id" = String, Path, description = "The team's id")),
    extensions(("x-allow" = json!("administrator"))),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "There is no such team"),
    ),
)]
pub(super) async fn remove(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = AuditRow::new(desk.people().now(), &caller, "team.remove", format!("team:{id}"))
        .in_request(from.request);
    if !desk.store().remove_team(&id, row).await? {
        return Err(no_such("team"));
    }
    desk.people().changed();
    Ok(StatusCode::NO_CONTENT)
}
