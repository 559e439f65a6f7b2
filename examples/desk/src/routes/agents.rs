//! Agents, and what they choose from.

mod caller_ids;
mod choices;
mod command;
mod list;
mod owed;
mod show;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::agent_view::agent_views;
use crate::problem::Problem;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list::agents))
        .routes(routes!(show::agent))
        .routes(routes!(command::ready))
        .routes(routes!(command::pause))
        .routes(routes!(command::log_in))
        .routes(routes!(command::log_out))
        .routes(routes!(command::force_ready))
        .routes(routes!(command::free))
        .routes(routes!(choices::pause_reasons))
        .routes(routes!(choices::campaigns))
        .routes(routes!(caller_ids::caller_ids))
        .routes(routes!(choices::dispositions))
        .routes(routes!(owed::owed))
        .routes(routes!(owed::retry))
        .routes(routes!(owed::take))
}

/// What a caller sees to be owed, for a snapshot.
pub(super) fn owed_snapshot(
    desk: &Desk,
    caller: &Caller,
) -> BoxFuture<'static, Result<Value, Problem>> {
    let (desk, caller) = (desk.clone(), caller.clone());
    Box::pin(async move { Ok(json!(owed::shown(&desk, &caller).await?)) })
}

/// The agents that a caller sees, for a snapshot.
pub(super) fn snapshot(desk: &Desk, caller: &Caller) -> BoxFuture<'static, Result<Value, Problem>> {
    let (desk, scope) = (desk.clone(), caller.scope.clone());
    Box::pin(async move { Ok(json!(agent_views(&desk, &scope).await?)) })
}
