//! What the service sends to the desk.

mod calls;
mod events;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts as _, Path, Request};
use ozonetel_sdk::push::PushReader;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{ARRIVES_WITHIN, arrived};
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
    prove(desk, secret)?;
    match query {
        Some(_) => take(&desk.patient(), kind, query, b"").await,
        None => Ok(()),
    }
}

/// What one sends who knows the secret in the address. Of anyone else the body is not even read.
pub(super) struct ProvenPush {
    pub(super) query: Option<String>,
    pub(super) body: Bytes,
}

impl FromRequest<Desk> for ProvenPush {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let secret = Path::<String>::from_request_parts(&mut parts, desk).await;
        // What is no text is no secret.
        prove(desk, secret.as_ref().map_or("", |Path(secret)| secret.as_str()))?;
        let query = parts.uri.query().map(str::to_owned);
        let body = arrived(Request::from_parts(parts, body), desk, ARRIVES_WITHIN).await?;
        Ok(Self { query, body })
    }
}

impl ProvenPush {
    /// Stores it, to be worked later.
    pub(super) async fn receive(&self, desk: &Desk, kind: PushKind) -> Result<(), Problem> {
        take(&desk.patient(), kind, self.query.as_deref(), &self.body).await
    }
}

/// Whoever does not know the secret learns nothing.
pub(super) fn prove(desk: &Desk, secret: &str) -> Result<(), Problem> {
    if desk.intake().is_secret(secret) {
        Ok(())
    } else {
        Err(Problem::new(Kind::NotFound, "there is no such route"))
    }
}
