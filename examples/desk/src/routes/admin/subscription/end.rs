//! Have events sent no longer.

use axum::extract::State;
use http::StatusCode;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::subscription::unsubscribe;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;

/// Ends the account's subscription to events, whosever it is.
#[utoipa::path(
    delete,
    path = "/api/admin/subscription",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 204, description = "Ended"), (status = 404, description = "There is none")),
)]
pub(super) async fn end(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
) -> Result<StatusCode, Problem> {
    let done = unsubscribe(&desk).await;
    let row = AuditRow::new(desk.now(), &caller, "subscription.end", "subscription")
        .in_request(from.request);
    let row = match &done {
        Ok(_) => row,
        Err(problem) => row.ending(problem.word()),
    };
    desk.store().append_audit(vec![row]).await?;
    if done? { Ok(StatusCode::NO_CONTENT) } else { Err(no_such("subscription")) }
}
