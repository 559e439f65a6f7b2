//! Remove a user's link.

use axum::extract::{Path, State};
use http::StatusCode;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;

/// Removes the link of a user, with the passwords that are kept for it.
#[utoipa::path(
    delete,
    path = "/api/admin/links/{user}",
    tag = "admin",
    params(("user" = String, Path, description = "The user's id")),
    extensions(("x-allow" = json!("administrator"))),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "There is no such link"),
    ),
)]
pub(super) async fn remove(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = AuditRow::new(desk.people().now(), &caller, "link.remove", format!("user:{user}"))
        .in_request(from.request);
    if !desk.store().remove_link(&user, row).await? {
        return Err(no_such("link"));
    }
    desk.people().changed();
    Ok(StatusCode::NO_CONTENT)
}
