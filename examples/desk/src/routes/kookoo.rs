//! What KooKoo asks and reports. The secret in the address proves that it is KooKoo.

mod callback;
mod ivr;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

/// The largest form that is read.
const LARGEST: usize = 16 << 10;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(ivr::ask, ivr::post))
        .routes(routes!(callback::check, callback::take))
        .layer(DefaultBodyLimit::max(LARGEST))
}
