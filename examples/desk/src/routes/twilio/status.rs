//! Twilio reports a leg, or asks what comes after a connection.

use axum::extract::State;

use super::{SignedForm, WebhookQuery};
use crate::body::Params;
use crate::core::twilio::TwimlAnswer;
use crate::desk::Desk;
use crate::flow::bridging;
use crate::problem::Problem;

/// Takes news of a leg. After a connection that never was, the caller is told so and stays. The same again changes nothing.
#[utoipa::path(
    post,
    path = "/webhooks/twilio/status",
    tag = "intake",
    params(
        WebhookQuery,
        ("X-Twilio-Signature" = String, Header, description = "The signature of the public address and the form"),
    ),
    extensions(("x-allow" = json!("secret"))),
    responses(
        (status = 200, description = "What to do, as TwiML", content_type = "text/xml", body = String),
        (status = 403, description = "The signature is missing or wrong"),
        (status = 404, description = "There is no account at Twilio"),
    ),
)]
pub(super) async fn status(
    State(desk): State<Desk>,
    Params(query): Params<WebhookQuery>,
    form: SignedForm,
) -> Result<TwimlAnswer, Problem> {
    bridging::status(&desk, &form.twilio, &query.into(), &form.params).await
}
