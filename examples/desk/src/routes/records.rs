//! Past calls and figures, out of the store of call records.

mod csv_table;
mod list;
mod performance;
mod range;
mod recording;
mod team;
mod trend;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(recording::recording))
        .routes(routes!(performance::range))
        .routes(routes!(trend::trend))
        .routes(routes!(team::team))
}
