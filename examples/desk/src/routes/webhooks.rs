//! What the service sends to the desk.

mod calls;
mod events;

use axum::extract::DefaultBodyLimit;
use ozonetel_sdk::push::PushReader;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::problem::{Kind, Problem};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(calls::check_calls, calls::calls))
        .routes(routes!(events::check_events, events::events))
        .layer(DefaultBodyLimit::max(PushReader::new().body_limit()))
}

/// Whoever does not know the secret learns nothing.
fn prove(desk: &Desk, secret: &str) -> Result<(), Problem> {
    if desk.intake().is_secret(secret) {
        Ok(())
    } else {
        Err(Problem::new(Kind::NotFound, "there is no such route"))
    }
}
