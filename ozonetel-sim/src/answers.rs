//! What the service answers: one file per API, built on the SDK's own descriptions.
//!
//! No path, method, input form, place of a credential or rate class is written here: all of them
//! come from the catalogue.

mod agent_admin;
mod agents;
mod aht;
mod auth;
mod block_numbers;
mod call_control;
mod campaigns;
mod cdr;
mod contradicted;
mod credentials;
mod dial;
mod disposition;
mod events;
mod kookoo;
mod leads;
mod legacy;
pub(crate) mod mdl;
mod missed;
mod phone_numbers;
mod recording;
mod routes;
mod summary;
mod whatsapp;

use ozonetel_sdk::endpoint::{Endpoint, Method};
use ozonetel_sdk::server::encode::{Fields, PresentedCredential};
use serde_json::{Value, json};

use credentials::AuthErrorStyle;

pub(crate) use contradicted::dispatch;
pub(crate) use routes::{is_token, limit_text};

/// The simulated behaviour of one endpoint.
///
/// The route table asks for it for every endpoint of the SDK's catalogue.
#[diagnostic::on_unimplemented(
    message = "the simulator has no behaviour for the endpoint `{E}`",
    label = "`{Self}` does not answer `{E}`",
    note = "add `impl Answers<{E}> for World` under ozonetel-sim/src/answers"
)]
pub(crate) trait Answers<E: Endpoint> {
    /// How the service words refused credentials here.
    const CREDENTIALS: AuthErrorStyle;

    /// The text for too many requests.
    const LIMIT: &'static str = "Max limit exceeded";

    /// Methods that work in addition to the description's.
    const ALSO: &'static [Method] = &[];

    /// Whether it answers in XML unless a field `format` asks for JSON (field report).
    const XML_WITHOUT_FORMAT: bool = false;

    /// Acts and answers. Credentials and limits have been checked.
    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply;
}

/// A request whose credentials were accepted.
pub(crate) struct ApiRequest<'a> {
    fields: &'a Fields,
    presented: &'a PresentedCredential,
}

impl ApiRequest<'_> {
    /// A field as text, without blanks around it; empty when it is absent.
    fn text(&self, name: &str) -> String {
        self.fields.text(name).map(|t| t.trim().to_owned()).unwrap_or_default()
    }

    /// A field as text unless it is empty.
    fn given(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|t| !t.is_empty())
    }

    /// A field as it was sent.
    fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// `"true"`, as text or as the word itself.
    fn yes(&self, name: &str) -> bool {
        self.text(name).eq_ignore_ascii_case("true")
    }

    /// The agent's id and password of HTTP Basic.
    fn agent(&self) -> Option<(&str, &str)> {
        self.presented.basic.as_ref().map(|(id, password)| (id.as_str(), password.reveal()))
    }
}

/// What the service answers, and what it did.
pub(crate) struct Reply {
    body: ReplyBody,
    acted: bool,
}

/// What is answered: a value, or the JSON of one.
enum ReplyBody {
    Value(Value),
    Written(String),
}

impl Reply {
    /// Done: the effect that the endpoint's description names has happened.
    fn done(body: Value) -> Self {
        Self { body: ReplyBody::Value(body), acted: true }
    }

    /// Answered, without changing anything.
    fn unchanged(body: Value) -> Self {
        Self { body: ReplyBody::Value(body), acted: false }
    }

    /// Answered with this JSON, without changing anything.
    fn written(json: String) -> Self {
        Self { body: ReplyBody::Written(json), acted: false }
    }

    /// A refusal: a status word and a text under `message`.
    fn refused(status: &str, message: &str) -> Self {
        Self::unchanged(json!({ "status": status, "message": message }))
    }
}

/// A refusal in the form the newer paths share.
pub(crate) fn shared(message: &str) -> Value {
    json!({"status": "false", "message": message, "data": null})
}
