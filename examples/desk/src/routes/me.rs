//! Who is signed in.

mod end_session;
mod password;
mod sessions;
mod show;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(show::show))
        .routes(routes!(password::change))
        .routes(routes!(sessions::list))
        .routes(routes!(end_session::end))
}
