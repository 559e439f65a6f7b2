//! `--dry-run`: requests are printed instead of sent.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use ozonetel_sdk::Error;
use ozonetel_sdk::auth::{
    AuthMode, AuthSecret, Credential, CredentialKind, Credentials, Secret, TokenId,
};
use ozonetel_sdk::client::{ClientBuilder, Environment, RetryPolicy};
use ozonetel_sdk::endpoint::Spec;
use ozonetel_sdk::server::encode::decode_request;
use ozonetel_sdk::testing::record::Exchange;
use ozonetel_sdk::transport::{Failure as SendFailure, Incoming, Outgoing, SendStage, Transport};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::mask;
use crate::output::{Format, Output};

/// A transport that prints the requests it is given and sends none.
#[derive(Debug)]
pub(crate) struct DryRun {
    output: Output,
    printed: AtomicBool,
}

impl DryRun {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, printed: AtomicBool::new(false) }
    }

    /// Whether a request was printed.
    pub(crate) fn has_printed(&self) -> bool {
        self.printed.load(Ordering::Relaxed)
    }

    /// A client that neither asks for a token nor counts against the limits, and knows no secret.
    pub(crate) fn builder(
        self: Arc<Self>,
        environment: &Environment,
    ) -> Result<ClientBuilder, Failure> {
        let mut environment = environment.clone();
        environment.state_dir = None;
        let user = environment.account.clone().unwrap_or_default();
        let stand_ins = StandIns { user: user.into(), mode: environment.mode };
        let once = RetryPolicy { attempts: 1, ..RetryPolicy::default() };
        let builder = environment.client_builder()?.policy(once);
        Ok(builder.credentials(Arc::new(stand_ins)).transport(self))
    }

    fn print(&self, request: &http::Request<Bytes>) -> io::Result<()> {
        let printed = PrintedRequest::of(request, self.output.show_numbers);
        printed.write(self.output.format, &mut io::stdout().lock())
    }
}

#[async_trait]
impl Transport for DryRun {
    async fn send(&self, request: Outgoing) -> Result<Incoming, SendFailure> {
        // A reader that has gone has seen enough.
        let _ = self.print(&request.http);
        self.printed.store(true, Ordering::Relaxed);
        Err(SendFailure::new(SendStage::NotSent, "a dry run sends nothing"))
    }
}

/// Words in the place of secrets.
#[derive(Debug)]
struct StandIns {
    user: Arc<str>,
    mode: AuthMode,
}

#[async_trait]
impl Credentials for StandIns {
    async fn credential(&self, kind: CredentialKind) -> Result<Credential, Error> {
        let secret = Secret::from("hidden");
        let secret = match (kind, self.mode) {
            (CredentialKind::Account, AuthMode::Token) => {
                let id = TokenId::of(&secret);
                AuthSecret::Bearer { secret, id }
            }
            _ => AuthSecret::Key(secret),
        };
        Ok(Credential::new(Arc::clone(&self.user), secret))
    }
}

/// A request as it is shown: without its credential, numbers by their last two digits.
#[derive(Debug, Serialize)]
struct PrintedRequest {
    endpoint: &'static str,
    method: String,
    url: String,
    fields: Map<String, Value>,
}

impl PrintedRequest {
    fn of(request: &http::Request<Bytes>, show_numbers: bool) -> Self {
        let spec = Exchange::of(request).spec();
        let uri = request.uri();
        let (scheme, authority) = (
            uri.scheme_str().unwrap_or_default(),
            uri.authority().map_or("", http::uri::Authority::as_str),
        );
        Self {
            endpoint: spec.map_or("unknown", |spec| spec.name),
            method: request.method().to_string(),
            url: format!("{scheme}://{authority}{}", uri.path()),
            fields: spec.map(|spec| fields(spec, request, show_numbers)).unwrap_or_default(),
        }
    }

    fn write(&self, format: Format, to: &mut impl Write) -> io::Result<()> {
        if format != Format::Table {
            serde_json::to_writer(&mut *to, &serde_json::json!({ "request": self }))?;
            return writeln!(to);
        }
        writeln!(to, "{} {} ({})", self.method, self.url, self.endpoint)?;
        for (name, value) in &self.fields {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            writeln!(to, "  {name}: {}", mask::printable(&text))?;
        }
        writeln!(to, "not sent: this was a dry run")
    }
}

/// The request's own fields.
fn fields(spec: &Spec, request: &http::Request<Bytes>, show_numbers: bool) -> Map<String, Value> {
    let Ok((fields, _)) = decode_request(spec, request) else { return Map::new() };
    let shown = |(name, value): (&str, &Value)| (name.to_owned(), shown(name, value, show_numbers));
    fields.iter().map(shown).collect()
}

fn shown(name: &str, value: &Value, show_numbers: bool) -> Value {
    match value {
        _ if is_password(name) => Value::from("(hidden)"),
        Value::String(text) => Value::from(shown_text(name, text, show_numbers)),
        Value::Number(number) => Value::from(shown_text(name, &number.to_string(), show_numbers)),
        Value::Bool(_) | Value::Null => value.clone(),
        nested if show_numbers => without_secrets(nested.clone()),
        nested => mask::value(name, without_secrets(nested.clone())),
    }
}

fn is_password(name: &str) -> bool {
    name.to_ascii_lowercase().contains("password")
}

/// Lists and objects without passwords, and without what may be secret in an address.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains("://") => Value::from(mask::url(&text)),
        Value::Array(list) => list.into_iter().map(without_secrets).collect(),
        Value::Object(fields) => {
            let shown = fields.into_iter().map(|(name, value)| {
                let hidden = is_password(&name).then(|| Value::from("(hidden)"));
                (name, hidden.unwrap_or_else(|| without_secrets(value)))
            });
            Value::Object(shown.collect())
        }
        other => other,
    }
}

fn shown_text(name: &str, text: &str, show_numbers: bool) -> String {
    if text.contains("://") {
        return mask::url(text);
    }
    if show_numbers { text.to_owned() } else { mask::field(name, text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn printed(body: &str, show_numbers: bool) -> PrintedRequest {
        let request = http::Request::post("https://crm.example.test/ca_apis/AgentManualDial")
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        PrintedRequest::of(&request, show_numbers)
    }

    #[test]
    fn a_request_is_shown_without_credential_and_numbers() {
        let body = r#"{"userName":"acme_support","customerNumber":"9000000417","agentID":"agent01",
            "campaignName":"support_out","UCID":"true","uui":"order-7"}"#;
        let hidden = printed(body, false);
        assert_eq!((hidden.endpoint, hidden.method.as_str()), ("dial.agent", "POST"));
        assert_eq!(hidden.url, "https://crm.example.test/ca_apis/AgentManualDial");
        assert_eq!(hidden.fields["customerNumber"], "…17");
        assert_eq!(hidden.fields["agentID"], "agent01");
        assert!(!hidden.fields.contains_key("userName"));
        assert_eq!(printed(body, true).fields["customerNumber"], "9000000417");
    }

    #[test]
    fn what_is_within_a_field_is_shown_as_what_it_is() {
        let recipient = json!({"id": "919000000017"});
        let rows =
            json!([9_000_000_018_u64, {"url": "https://x.test/?code=s3cret", "password": "pw"}]);
        let within = json!({"url": "https://x.test/?…", "password": "(hidden)"});
        assert_eq!(shown("recipient", &recipient, false), json!({"id": "…17"}));
        assert_eq!(shown("recipient", &recipient, true), recipient);
        assert_eq!(shown("rows", &rows, false), json!(["…18", within]));
        assert_eq!(shown("rows", &rows, true), json!([9_000_000_018_u64, within]));
    }

    #[test]
    fn the_query_of_an_address_is_not_shown() {
        assert_eq!(
            shown_text("callEventsURL", "https://crm.example.test/e?code=s3cret", true),
            "https://crm.example.test/e?…"
        );
    }
}
