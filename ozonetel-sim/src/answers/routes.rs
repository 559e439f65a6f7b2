//! Which endpoint a request is for, by the SDK's own descriptions.

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::endpoint::{
    Discriminator, Endpoint, Envelope, Input, Method, Payload, Rate, Spec,
};
use ozonetel_sdk::server::encode;
use serde_json::{Value, json};

use super::{Answers, ApiRequest, ReplyBody, credentials};
use crate::response::ServiceResponse;
use crate::world::World;

/// An answer and its effect.
type HandledRequest = (ServiceResponse, Option<&'static str>);

struct Route {
    spec: Spec,
    also: &'static [Method],
    limit: &'static str,
    handle: fn(&mut World, &http::Request<Bytes>) -> HandledRequest,
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

/// Every route, the deprecated ones after the others.
fn all_routes() -> impl Iterator<Item = &'static Route> {
    CURRENT.iter().chain(LEGACY)
}

/// Finds the operation a request asks for and answers it.
pub(crate) fn dispatch(world: &mut World, request: &http::Request<Bytes>) -> HandledRequest {
    let path = request.uri().path();
    let here: Vec<&Route> = all_routes().filter(|r| is_path(&r.spec, path)).collect();
    if here.is_empty() {
        return (ServiceResponse::text(StatusCode::NOT_FOUND, "Not Found"), None);
    }
    let takes = |route: &&&Route| {
        let method = request.method().as_str();
        route.spec.method.as_str() == method || route.also.iter().any(|m| m.as_str() == method)
    };
    let fitting: Vec<&Route> = here.iter().filter(takes).copied().collect();
    let Some(first) = fitting.first() else {
        let answers_ok = here.iter().any(|r| r.spec.name.starts_with("call_control."));
        // Call control is known to answer 200 even to a wrong method.
        let answer = if answers_ok {
            ServiceResponse::json(
                StatusCode::OK,
                &json!({"status": "Error", "message": "Invalid Request"}),
            )
        } else {
            ServiceResponse::text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
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

fn handle<E: Endpoint>(world: &mut World, request: &http::Request<Bytes>) -> HandledRequest
where
    World: Answers<E>,
{
    let Ok((fields, presented)) = encode::decode_request(&E::SPEC, request) else {
        let said = "Invalid Json Pass Valid Json";
        let answer = match E::SPEC.envelope.payload {
            Payload::Plain => ServiceResponse::text(StatusCode::OK, said),
            _ => {
                ServiceResponse::json(StatusCode::OK, &json!({"status": "false", "message": said}))
            }
        };
        return (answer, None);
    };
    let style = <World as Answers<E>>::CREDENTIALS;
    if let Err(problem) = credentials::check(world, &E::SPEC, &presented) {
        return (style.response(problem), None);
    }
    // The token's window is kept where tokens are made.
    if let Some((limit, per)) = E::SPEC.rate.limit().filter(|_| E::SPEC.rate != Rate::Token)
        && !world.spend(E::SPEC.rate.name(), limit, per)
    {
        let body = json!({"status": "error", "message": <World as Answers<E>>::LIMIT});
        return (ServiceResponse::json(StatusCode::OK, &body), None);
    }
    let reply = world.answer(&ApiRequest { fields: &fields, presented: &presented });
    let answer = match (E::SPEC.envelope.payload, reply.body) {
        (_, ReplyBody::Written(json)) => ServiceResponse::written(json),
        (Payload::Xml, ReplyBody::Value(body)) => credentials::xml(StatusCode::OK, &E::SPEC, body),
        (_, ReplyBody::Value(body))
            if <World as Answers<E>>::XML_WITHOUT_FORMAT
                && !fields.text("format").is_some_and(|form| form.eq_ignore_ascii_case("json")) =>
        {
            let envelope = Envelope { payload: Payload::Xml, ..E::SPEC.envelope };
            credentials::xml(StatusCode::OK, &Spec { envelope, ..E::SPEC }, body)
        }
        (_, ReplyBody::Value(Value::String(text))) => ServiceResponse::text(StatusCode::OK, &text),
        (_, ReplyBody::Value(body)) => ServiceResponse::json(StatusCode::OK, &body),
    };
    (answer, reply.acted.then_some(E::SPEC.effect.as_str()))
}

/// Whether this is where tokens are made.
pub(crate) fn is_token(path: &str) -> bool {
    all_routes().any(|r| r.spec.rate == Rate::Token && is_path(&r.spec, path))
}

/// The text for too many requests at a path.
pub(crate) fn limit_text(path: &str) -> &'static str {
    all_routes().find(|r| is_path(&r.spec, path)).map_or("Max limit exceeded", |r| r.limit)
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
            let found: Vec<&str> = all_routes()
                .filter(|r| is_path(&r.spec, request.uri().path()))
                .filter(|r| r.spec.method.as_str() == request.method().as_str())
                .filter(|r| asks_for(&r.spec, &request))
                .map(|r| r.spec.name)
                .collect();
            assert_eq!(found, [spec.name]);
        }
    }
}
