//! What the service sends to the desk.

mod calls;
mod events;

use axum::extract::DefaultBodyLimit;
use ozonetel_sdk::push::PushReader;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::Desk;
use crate::flow::intake::take;
use crate::flow::push_address::PushKind;
use crate::problem::{Kind, Problem};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(calls::check_calls, calls::calls))
        .routes(routes!(events::check_events, events::events))
        .layer(DefaultBodyLimit::max(PushReader::new().body_limit()))
}

/// A GET: a push in the query, or the console, which asks whether there is such an address.
async fn check(
    desk: &Desk,
    kind: PushKind,
    secret: &str,
    query: Option<&str>,
) -> Result<(), Problem> {
    if query.is_some() {
        return receive(desk, kind, secret, query, b"").await;
    }
    prove(desk, secret)
}

/// Takes a push from one who knows the secret.
pub(super) async fn receive(
    desk: &Desk,
    kind: PushKind,
    secret: &str,
    query: Option<&str>,
    body: &[u8],
) -> Result<(), Problem> {
    prove(desk, secret)?;
    take(&desk.patient(), kind, query, body).await
}

/// Whoever does not know the secret learns nothing.
pub(super) fn prove(desk: &Desk, secret: &str) -> Result<(), Problem> {
    if desk.intake().is_secret(secret) {
        Ok(())
    } else {
        Err(Problem::new(Kind::NotFound, "there is no such route"))
    }
}
