//! Whose the subscription is.

use axum::Json;
use axum::extract::State;

use crate::desk::Desk;
use crate::flow::subscription::{SubscriptionView, look};
use crate::problem::Problem;
use crate::tasks::TaskKind;

/// Where the service pushes events to, and whether that is this desk. Secrets are left out.
#[utoipa::path(
    get,
    path = "/api/admin/subscription",
    tag = "admin",
    extensions(("x-allow" = json!("administrator"))),
    responses((status = 200, description = "As the service lists it", body = SubscriptionView)),
)]
pub(super) async fn show(State(desk): State<Desk>) -> Result<Json<SubscriptionView>, Problem> {
    let work = {
        let desk = desk.clone();
        async move { Ok(look(desk.client(), desk.intake()).await?) }
    };
    Ok(Json(desk.tasks().run(TaskKind::Read, work).await?))
}
