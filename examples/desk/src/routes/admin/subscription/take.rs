//! Have events sent here.

use axum::Json;
use axum::extract::State;

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::subscription::{SubscriptionView, subscribe};
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;

/// Has the service push events of calls and agents to this desk, in place of where they went: an account has one
/// subscription.
#[utoipa::path(
    put,
    path = "/api/admin/subscription",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses(
        (status = 200, description = "As the service lists it now", body = SubscriptionView),
        (status = 409, description = "It is not known how the service reaches this desk: DESK_PUBLIC_URL"),
    ),
)]
pub(super) async fn take(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
) -> Result<Json<SubscriptionView>, Problem> {
    let done = subscribe(&desk).await;
    let row = AuditRow::new(desk.now(), &caller, "subscription.set", "subscription")
        .in_request(from.request);
    let row = match &done {
        Ok(_) => row,
        Err(problem) => row.ending(problem.word()),
    };
    desk.store().append_audit(vec![row]).await?;
    done.map(Json)
}
