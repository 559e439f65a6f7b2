//! Twilio sends what the caller said.

use axum::extract::State;

use super::{SignedForm, WebhookQuery};
use crate::body::Params;
use crate::core::twilio::TwimlAnswer;
use crate::desk::Desk;
use crate::flow::bridging;
use crate::problem::Problem;

/// Hands the call over if what the caller said asks for a human; otherwise the caller is asked again, three times at most.
#[utoipa::path(
    post,
    path = "/webhooks/twilio/speech",
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
pub(super) async fn speech(
    State(desk): State<Desk>,
    Params(query): Params<WebhookQuery>,
    form: SignedForm,
) -> Result<TwimlAnswer, Problem> {
    bridging::speech(&desk, &form.twilio, &query.into(), &form.params).await
}
