//! The other direction: an HTTP request read back into fields and credential, for servers such as the simulator.

use std::borrow::Cow;

use base64::Engine as _;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use super::{Fields, KEY_HEADER, as_text};
use crate::core::endpoint::{Auth, Discriminator, Endpoint, Input, Spec};
use crate::types::invalid::Invalid;
use crate::types::secret::Secret;

impl Fields {
    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A field's value as text, whatever its JSON type.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(as_text)
    }

    /// Takes a field out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }
}

/// What a request presented as its credential, when read back.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct PresentedCredential {
    /// The account's name.
    pub user: Option<String>,
    /// The key.
    pub key: Option<Secret>,
    /// The bearer token.
    pub bearer: Option<Secret>,
    /// HTTP Basic's two parts.
    pub basic: Option<(String, Secret)>,
}

impl std::fmt::Debug for PresentedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PresentedCredential")
            .field("user", &self.user.is_some())
            .field("key", &self.key.is_some())
            .field("bearer", &self.bearer.is_some())
            .field("basic", &self.basic.is_some())
            .finish()
    }
}

/// Reads fields and credential out of an HTTP request, the other way round from the client.
///
/// # Errors
/// A body that is not what the description asks for; the field says which part.
pub fn decode_request(
    spec: &Spec,
    request: &http::Request<Bytes>,
) -> Result<(Fields, PresentedCredential), Invalid> {
    let mut fields = Fields::default();
    let query = request.uri().query().unwrap_or_default();
    let pairs = |fields: &mut Fields, text: &[u8]| {
        for (name, value) in form_urlencoded::parse(text) {
            fields.set(name.into_owned(), value.into_owned());
        }
    };
    match spec.input {
        Input::Query => pairs(&mut fields, query.as_bytes()),
        Input::Form => {
            pairs(&mut fields, query.as_bytes());
            pairs(&mut fields, request.body());
        }
        Input::Path => {
            pairs(&mut fields, query.as_bytes());
            for (hole, segment) in spec.path.split('/').zip(request.uri().path().split('/')) {
                if let Some(name) = hole.strip_prefix('{').and_then(|h| h.strip_suffix('}')) {
                    let pair = format!("v={segment}");
                    let value = form_urlencoded::parse(pair.as_bytes()).next();
                    fields
                        .set(name.to_owned(), value.map_or(String::new(), |(_, v)| v.into_owned()));
                }
            }
        }
        Input::Json | Input::JsonAndQuery(_) => {
            let object: Map<String, Value> = serde_json::from_slice(request.body())
                .map_err(|_| Invalid::new("body", "has to be a JSON object"))?;
            fields = Fields::from(object);
            if let Input::JsonAndQuery(_) = spec.input {
                pairs(&mut fields, query.as_bytes());
            }
        }
    }
    let presented = take_credential(spec.auth, &mut fields, request.headers());
    Ok((fields, presented))
}

fn take_credential(
    auth: Auth,
    fields: &mut Fields,
    headers: &http::HeaderMap,
) -> PresentedCredential {
    let mut out = PresentedCredential::default();
    let head = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let text = |value: Value| as_text(&value).into_owned();
    if let Some(value) = head(AUTHORIZATION.as_str()) {
        if let Some(token) = value.strip_prefix("Bearer ") {
            out.bearer = Some(Secret::from(token));
        } else if let Some(token) = value.strip_prefix("Basic ") {
            let raw = base64::engine::general_purpose::STANDARD.decode(token).unwrap_or_default();
            let raw = String::from_utf8(raw).unwrap_or_default();
            out.basic =
                raw.split_once(':').map(|(user, pass)| (user.to_owned(), Secret::from(pass)));
        }
    }
    match auth {
        Auth::Account | Auth::KeyHeader => {
            out.user = fields.take("userName").map(text);
            out.key = head(KEY_HEADER).or_else(|| head("api_key")).map(Secret::from);
        }
        Auth::Fields { user, key } | Auth::AgentBasic { user, key } => {
            out.user = fields.take(user).map(text);
            out.key = fields.take(key).map(text).map(Secret::from);
        }
        Auth::KeyField(key) | Auth::Kookoo(key) => {
            out.key = fields.take(key).map(text).map(Secret::from);
        }
        Auth::Headers { user, key } => {
            out.user = head(user);
            out.key = head(key).map(Secret::from);
        }
        Auth::KeyOnlyHeader(key) => out.key = head(key).map(Secret::from),
        Auth::AccountBasic => {
            out.user = out.basic.as_ref().map(|(user, _)| user.clone());
            out.key = out.basic.as_ref().map(|(_, pass)| pass.clone());
        }
    }
    out
}

/// Decodes a request from its fields; credentials have to be taken out before.
///
/// # Errors
/// A field that is not of the type that the request gives it.
pub fn decode_fields<E: Endpoint>(fields: &Fields) -> Result<E, Invalid> {
    let mut object = Map::new();
    for (name, value) in fields.iter() {
        object.insert(name.to_owned(), value.clone());
    }
    if let Discriminator::Is(name, _) = E::SPEC.discriminator {
        object.remove(name);
    }
    serde_json::from_value(Value::Object(object))
        .map_err(|_| Invalid::new("request", "a field is not of the request's type"))
}
