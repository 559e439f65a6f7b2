//! The account's subscription to events.

mod end;
mod show;
mod take;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(show::show, take::take, end::end))
}
