//! Live assist: a call's audio, its transcript, suggestions and summaries. None of these routes is there where no
//! provider is set.

mod audio;
mod consent;
mod suggestions;
mod summary;
mod transcript;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::problem::{Kind, Problem};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(audio::audio))
        .routes(routes!(transcript::transcript))
        .routes(routes!(suggestions::list))
        .routes(routes!(suggestions::dismiss))
        .routes(routes!(summary::of_call))
        .routes(routes!(summary::of_lead))
        .routes(routes!(consent::show, consent::set))
}

/// A time as it is sent out.
fn time(at_ms: i64) -> Result<String, Problem> {
    let at = jiff::Timestamp::from_millisecond(at_ms);
    at.map(|at| at.to_string()).map_err(|_| Problem::new(Kind::Internal, "a time is out of range"))
}
