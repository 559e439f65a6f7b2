//! What the service answers: one file per API, built on the SDK's own descriptions.
//!
//! A path, a method, an input form, a credential's place or a rate class is written nowhere here:
//! all of them come from the catalogue.

mod agents;
mod aht;
mod auth;
mod block_numbers;
mod call_control;
mod campaigns;
mod cdr;
mod credentials;
mod dial;
mod disposition;
mod events;
mod kookoo;
mod leads;
mod legacy;
mod missed;
mod phone_numbers;
mod recording;
mod roster;
mod summary;
mod whatsapp;

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::endpoint::{Discriminator, Endpoint, Input, Method, Payload, Rate, Spec};
use ozonetel_sdk::server::encode::{self, Fields, PresentedCredential};
use serde_json::{Value, json};

use crate::service::Answer;
use crate::world::World;
use credentials::Dialect;

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
    const CREDENTIALS: Dialect;

    /// The text for too many requests.
    const LIMIT: &'static str = "Max limit exceeded";

    /// Methods that work besides the description's.
    const ALSO: &'static [Method] = &[];

    /// Acts and answers. Credentials and limits have been checked.
    fn answer(&mut self, asked: &Asked<'_>) -> Said;
}

/// A request whose credentials were accepted.
pub(crate) struct Asked<'a> {
    fields: &'a Fields,
    presented: &'a PresentedCredential,
}

impl Asked<'_> {
    /// A field as text, without blanks around it; empty when it is absent.
    fn text(&self, name: &str) -> String {
        self.fields.text(name).map(|t| t.trim().to_owned()).unwrap_or_default()
    }

    /// A field as text if it says something.
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

/// What the service says, and what it did.
pub(crate) struct Said {
    body: Value,
    acted: bool,
}

impl Said {
    /// Done: the effect that the endpoint's description names has happened.
    fn done(body: Value) -> Self {
        Self { body, acted: true }
    }

    /// Told, without changing anything.
    fn told(body: Value) -> Self {
        Self { body, acted: false }
    }

    /// A refusal: a status word and a text under `message`.
    fn no(status: &str, message: &str) -> Self {
        Self::told(json!({ "status": status, "message": message }))
    }
}

/// An answer and its effect.
type Handled = (Answer, Option<&'static str>);

struct Route {
    spec: Spec,
    also: &'static [Method],
    limit: &'static str,
    handle: fn(&mut World, &http::Request<Bytes>) -> Handled,
}

macro_rules! routes {
    ($($name:ident: $endpoint:ty,)*) => {
        static CURRENT: &[Route] = &[$(Route {
            spec: <$endpoint as Endpoint>::SPEC,
            also: <World as Answers<$endpoint>>::ALSO,
            limit: <World as Answers<$endpoint>>::LIMIT,
            handle: handle::<$endpoint>,
        }),*];
    };
}
ozonetel_sdk::each_endpoint!(routes);

macro_rules! legacy_routes {
    ($($name:ident: $endpoint:ty,)*) => {
        static LEGACY: &[Route] = &[$(Route {
            spec: <$endpoint as Endpoint>::SPEC,
            also: <World as Answers<$endpoint>>::ALSO,
            limit: <World as Answers<$endpoint>>::LIMIT,
            handle: handle::<$endpoint>,
        }),*];
    };
}
ozonetel_sdk::each_legacy_endpoint!(legacy_routes);

/// Every route, the deprecated ones behind the others.
fn all_routes() -> impl Iterator<Item = &'static Route> {
    CURRENT.iter().chain(LEGACY)
}

/// Finds the operation a request asks for and answers it.
pub(crate) fn dispatch(world: &mut World, request: &http::Request<Bytes>) -> Handled {
    let path = request.uri().path();
    let here: Vec<&Route> = all_routes().filter(|r| is_path(&r.spec, path)).collect();
    if here.is_empty() {
        return (Answer::text(StatusCode::NOT_FOUND, "Not Found"), None);
    }
    let takes = |route: &&&Route| {
        let method = request.method().as_str();
        route.spec.method.as_str() == method || route.also.iter().any(|m| m.as_str() == method)
    };
    let fitting: Vec<&Route> = here.iter().filter(takes).copied().collect();
    let Some(first) = fitting.first() else {
        let says_so = here.iter().any(|r| r.spec.name.starts_with("call_control."));
        // Call control is known to answer 200 even to a wrong method.
        let answer = if says_so {
            Answer::json(StatusCode::OK, &json!({"status": "Error", "message": "Invalid Request"}))
        } else {
            Answer::text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        };
        return (answer, None);
    };
    let chosen = fitting.iter().find(|r| asks_for(&r.spec, request)).unwrap_or(first);
    (chosen.handle)(world, request)
}

fn is_path(spec: &Spec, path: &str) -> bool {
    if spec.input == Input::Path {
        let (mut holes, mut parts) = (spec.path.split('/'), path.split('/'));
        return loop {
            match (holes.next(), parts.next()) {
                (None, None) => break true,
                (Some(hole), Some(part)) if hole.starts_with('{') && !part.is_empty() => {}
                (Some(hole), Some(part)) if hole == part => {}
                _ => break false,
            }
        };
    }
    // Where no source confirms the letter case, any is taken.
    spec.path == path
        || spec.alternative_paths.contains(&path)
        || (!spec.path_verified && spec.path.eq_ignore_ascii_case(path))
}

/// Whether a request on a shared path asks for this operation.
fn asks_for(spec: &Spec, request: &http::Request<Bytes>) -> bool {
    let Ok((fields, _)) = encode::decode_request(spec, request) else { return false };
    match spec.discriminator {
        Discriminator::Always => true,
        Discriminator::Is(name, value) => {
            fields.text(name).is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
        }
        Discriminator::Has(name) => fields.get(name).is_some(),
    }
}

fn handle<E: Endpoint>(world: &mut World, request: &http::Request<Bytes>) -> Handled
where
    World: Answers<E>,
{
    let Ok((fields, presented)) = encode::decode_request(&E::SPEC, request) else {
        let body = json!({"status": "false", "message": "Invalid Json Pass Valid Json"});
        return (Answer::json(StatusCode::OK, &body), None);
    };
    let dialect = <World as Answers<E>>::CREDENTIALS;
    if let Err(problem) = credentials::check(world, &E::SPEC, &presented) {
        return (dialect.word(problem), None);
    }
    // The token's window is kept where tokens are made.
    if let Some((limit, per)) = E::SPEC.rate.limit().filter(|_| E::SPEC.rate != Rate::Token)
        && !world.spend(E::SPEC.rate.name(), limit, per)
    {
        let body = json!({"status": "error", "message": <World as Answers<E>>::LIMIT});
        return (Answer::json(StatusCode::OK, &body), None);
    }
    let said = world.answer(&Asked { fields: &fields, presented: &presented });
    let answer = match (E::SPEC.envelope.payload, said.body) {
        (Payload::Xml, body) => credentials::xml(StatusCode::OK, &E::SPEC, body),
        (_, Value::String(text)) => Answer::text(StatusCode::OK, &text),
        (_, body) => Answer::json(StatusCode::OK, &body),
    };
    (answer, said.acted.then_some(E::SPEC.effect.as_str()))
}

/// Whether this is where tokens are made.
pub(crate) fn is_token(path: &str) -> bool {
    all_routes().any(|r| r.spec.rate == Rate::Token && is_path(&r.spec, path))
}

/// The text for too many requests at a path.
pub(crate) fn limit_text(path: &str) -> &'static str {
    all_routes().find(|r| is_path(&r.spec, path)).map_or("Max limit exceeded", |r| r.limit)
}

/// A refusal in the form the newer paths share.
pub(crate) fn shared(message: &str) -> Value {
    json!({"status": "false", "message": message, "data": null})
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::endpoint::ALL;

    use super::*;

    #[test]
    fn no_request_is_taken_for_another_operation() {
        // Every description is reached by its own path, method and distinguishing field.
        for spec in ALL {
            let fields = match spec.discriminator {
                Discriminator::Is(name, value) => json!({ name: value }),
                Discriminator::Has(name) => json!({ name: "x" }),
                Discriminator::Always => json!({}),
            };
            let text = match spec.input {
                Input::Json | Input::JsonAndQuery(_) => fields.to_string(),
                _ => fields
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(name, value)| [name.as_str(), "=", value.as_str().unwrap()].concat())
                    .collect(),
            };
            let in_body = !matches!(spec.input, Input::Query | Input::Path);
            let (query, body) = if in_body { (String::new(), text) } else { (text, String::new()) };
            let request = http::Request::builder()
                .method(spec.method.as_str())
                .uri(format!("{}?{query}", spec.path))
                .body(Bytes::from(body))
                .unwrap();
            let asked: Vec<&str> = all_routes()
                .filter(|r| is_path(&r.spec, request.uri().path()))
                .filter(|r| r.spec.method.as_str() == request.method().as_str())
                .filter(|r| asks_for(&r.spec, &request))
                .map(|r| r.spec.name)
                .collect();
            assert_eq!(asked, [spec.name]);
        }
    }
}
