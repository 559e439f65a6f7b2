//! The softphone in a tab.

mod config;
mod event;
mod relay;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(config::config))
        .routes(routes!(event::event))
        .routes(routes!(relay::relay))
}
