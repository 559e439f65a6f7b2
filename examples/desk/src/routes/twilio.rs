//! What Twilio asks and reports. Its signature is the proof.

mod speech;
mod status;
mod voice;

use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Deserialize;
use std::sync::Arc;
use url::form_urlencoded;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{ARRIVES_WITHIN, arrived};
use crate::core::twilio::{FormParams, TwimlAnswer};
use crate::desk::Desk;
use crate::flow::bridging::TwilioQuery;
use crate::ports::carriers::twilio::Twilio;
use crate::problem::{Kind, Problem};

/// The largest form that is read.
const LARGEST_FORM: usize = 64 << 10;

/// The header with the signature.
const SIGNATURE: &str = "x-twilio-signature";

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(voice::voice))
        .routes(routes!(status::status))
        .routes(routes!(speech::speech))
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
}

/// What the address says. Other names are ignored.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WebhookQuery {
    /// The hand-off.
    #[serde(default)]
    handoff: Option<String>,
    /// Which leg it is about: `agent`, `caller` or `bridge`.
    #[serde(default)]
    leg: Option<String>,
    /// The assistant's session, where there is no hand-off yet.
    #[serde(default)]
    session_id: Option<String>,
    /// The extension of the agent, where there is no hand-off yet.
    #[serde(default)]
    extension: Option<String>,
    /// How often the caller has been asked already.
    #[serde(default)]
    tries: Option<u32>,
}

impl From<WebhookQuery> for TwilioQuery {
    fn from(query: WebhookQuery) -> Self {
        Self {
            handoff: query.handoff,
            leg: query.leg,
            session: query.session_id,
            extension: query.extension,
            tries: query.tries.unwrap_or(0),
        }
    }
}

/// A form that Twilio has signed.
struct SignedForm {
    twilio: Arc<Twilio>,
    params: FormParams,
}

impl FromRequest<Desk> for SignedForm {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Problem> {
        let nowhere = || Problem::new(Kind::NotFound, "there is no such route");
        let twilio = desk.settings().customers.twilio.clone().ok_or_else(nowhere)?;
        let path = request.uri().path_and_query().map(|path| path.as_str().to_owned());
        let mut signatures = request.headers().get_all(SIGNATURE).iter();
        let header = match (signatures.next(), signatures.next()) {
            (Some(header), None) => header.to_str().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let unsigned = || Problem::new(Kind::Forbidden, "the signature is missing or wrong");
        if header.is_empty() {
            return Err(unsigned());
        }
        let body = arrived(request, desk, ARRIVES_WITHIN).await?;
        let params: FormParams = form_urlencoded::parse(&body).into_owned().collect();
        if twilio.is_signed(&path.unwrap_or_default(), &params, &header) {
            Ok(Self { twilio, params })
        } else {
            Err(unsigned())
        }
    }
}

impl IntoResponse for TwimlAnswer {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], self.to_xml()).into_response()
    }
}
