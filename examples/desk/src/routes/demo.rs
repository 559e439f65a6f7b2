//! The demo: a made-up assistant, where the simulator is inside this desk.

mod handoff;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(handoff::handoff))
}
