//! A voice assistant hands its calls to agents.

mod begin;
mod show;
mod speech;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::customers::LARGEST_PROFILE;
use crate::desk::Desk;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(begin::begin))
        .routes(routes!(speech::speech))
        .routes(routes!(show::show))
        .layer(DefaultBodyLimit::max(LARGEST_PROFILE))
}
