//! Twilio has a leg and asks what to do with it.

use axum::extract::State;

use super::{SignedForm, WebhookQuery};
use crate::body::Params;
use crate::core::twilio::TwimlAnswer;
use crate::desk::Desk;
use crate::flow::bridging;
use crate::problem::Problem;

/// Connects a leg with the other one of its hand-off, by `<Dial><Sip>`. Without `handoff` the call that asks is handed over
/// itself, to `extension` in the session `session_id`.
#[utoipa::path(
    post,
    path = "/webhooks/twilio/voice",
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
pub(super) async fn voice(
    State(desk): State<Desk>,
    Params(query): Params<WebhookQuery>,
    form: SignedForm,
) -> Result<TwimlAnswer, Problem> {
    bridging::voice(&desk, &form.twilio, &query.into(), &form.params).await
}
