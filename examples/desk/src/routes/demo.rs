//! The demo: made-up callers, where the simulator is inside this desk.

mod call;
mod handoff;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(handoff::handoff)).routes(routes!(call::call))
}
