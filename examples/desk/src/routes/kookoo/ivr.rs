//! What to do with a leg that KooKoo leads.

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header;

use crate::desk::Desk;
use crate::flow::kookoo::answer;
use crate::problem::Problem;
use crate::routes::webhooks::{ProvenPush, prove};

/// Answers what KooKoo asks about a leg of a call that this desk placed over it: the customer waits in a conference,
/// into which the agent is rung, once. Any other call is ended.
#[utoipa::path(
    get,
    path = "/kookoo/ivr/{secret}",
    tag = "intake",
    params(("secret" = String, Path, description = "DESK_WEBHOOK_SECRET")),
    extensions(("x-allow" = json!("secret"))),
    responses(
        (status = 200, description = "Verbs", content_type = "text/xml", body = String),
        (status = 400, description = "The query cannot be parsed"),
        (status = 404, description = "Another secret"),
    ),
)]
pub(super) async fn ask(
    State(desk): State<Desk>,
    Path(secret): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    prove(&desk, &secret)?;
    reply(&desk, query.as_deref().unwrap_or_default()).await
}

/// The same where KooKoo is set to POST: the fields are a form.
#[utoipa::path(
    post,
    path = "/kookoo/ivr/{secret}",
    tag = "intake",
    params(("secret" = String, Path, description = "DESK_WEBHOOK_SECRET")),
    extensions(("x-allow" = json!("secret"))),
    responses(
        (status = 200, description = "Verbs", content_type = "text/xml", body = String),
        (status = 400, description = "The form cannot be parsed"),
        (status = 404, description = "Another secret"),
    ),
)]
pub(super) async fn post(
    State(desk): State<Desk>,
    ProvenPush { query, body }: ProvenPush,
) -> Result<Response, Problem> {
    let form = String::from_utf8_lossy(&body);
    let parts = [query.as_deref().unwrap_or_default(), form.trim()];
    let fields: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    reply(&desk, &fields.join("&")).await
}

async fn reply(desk: &Desk, fields: &str) -> Result<Response, Problem> {
    let xml = answer(desk, fields).await?;
    Ok(([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response())
}
