//! A request as an ordered list of fields, and where each field and the credential go.
//!
//! Both directions: `encode_request` writes an HTTP request; `decode_request` reads one back, for servers.

mod address;
mod collect;
#[cfg(any(test, feature = "server"))]
mod decode;

use std::borrow::Cow;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::core::credential::{AuthSecret, Credential};
use crate::core::endpoint::{Auth, Discriminator, Endpoint, Input, Method, Spec};
use crate::types::invalid::Invalid;
use crate::types::secret::Secret;

use address::Address;
pub(crate) use address::Addresses;
#[cfg(any(test, feature = "server"))]
pub use decode::{PresentedCredential, decode_fields, decode_request};

/// The fields of a request, in order.
#[derive(Clone, PartialEq, Default)]
pub struct Fields(Vec<(Cow<'static, str>, Value)>);

/// Room for the fields of most requests.
const FIELDS: usize = 8;

impl Fields {
    /// The fields of a request; absent ones are left out, and what distinguishes the operation is put in front.
    ///
    /// # Errors
    /// A request that is not a flat object.
    pub fn of<E: Endpoint>(request: &E) -> Result<Self, Invalid> {
        let mut fields = Self(Vec::with_capacity(FIELDS));
        if let Discriminator::Is(name, value) = E::SPEC.discriminator {
            fields.0.push((Cow::Borrowed(name), Value::from(value)));
        }
        request
            .serialize(collect::Collect(&mut fields.0))
            .map_err(|_| Invalid::new("request", "has to be a flat object"))?;
        Ok(fields)
    }

    /// Puts a field, replacing one of the same name.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(slot) => slot.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Renames a field.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        for (name, _) in &mut self.0 {
            if name == from {
                *name = Cow::Owned(to.to_owned());
            }
        }
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> + Clone {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }
}

/// Shows the names of the fields only.
impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(object: Map<String, Value>) -> Self {
        Self(object.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect())
    }
}

fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// Header names of the key; one page spells it `api_key`.
pub(crate) const KEY_HEADER: &str = "apiKey";

/// The same as it is on its way.
static KEY_HEADER_NAME: HeaderName = HeaderName::from_static("apikey");

/// Room for the credential and the content type, and for what an HTTP client adds.
const HEADERS: usize = 10;

/// Where a request goes: the description with what the configuration says differently.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) base: &'a Url,
    pub(crate) path: &'a str,
    pub(crate) key_header: &'a str,
    /// Those that were put together before.
    pub(crate) addresses: &'a Addresses,
}

/// Fields that the credential puts into the input; they take precedence over the request's of the same name.
type Shown<'a> = [Option<(&'static str, &'a str)>; 2];

/// Writes the HTTP request: fields where the description says, credential where it says. Beside it, its address as a
/// [`Url`]: a transport that wants one does not have to parse it again.
pub(crate) fn encode_request(
    target: &Target<'_>,
    fields: &Fields,
    credential: &Credential,
    agent: Option<(&str, &Secret)>,
) -> Result<(http::Request<Bytes>, Url), Invalid> {
    let spec = target.spec;
    let mut headers = http::HeaderMap::with_capacity(HEADERS);
    let shown = write_credential(target, credential, agent, &mut headers)?;
    let own = |name: &str| !shown.iter().flatten().any(|(taken, _)| *taken == name);
    let sent = || fields.iter().filter(|(name, _)| own(name));
    let in_query = |name: &str| match spec.input {
        Input::Query => true,
        Input::Path => !target.path.contains(&format!("{{{name}}}")),
        Input::Form | Input::Json => false,
        Input::JsonAndQuery(names) => names.contains(&name),
    };
    let mut address = match spec.input {
        Input::Path => Address::of(target.base, &path(target, fields))?,
        _ => target.addresses.of(target)?,
    };
    if !matches!(spec.input, Input::Form | Input::Json) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in sent().filter(|(name, _)| in_query(name)) {
            query.append_pair(name, &as_text(value));
        }
        if matches!(spec.input, Input::Query | Input::Path) {
            query.extend_pairs(shown.iter().flatten());
        }
        let query = query.finish();
        if !query.is_empty() {
            address = address.with_query(&query)?;
        }
    }
    let body = match spec.input {
        Input::Query | Input::Path => Bytes::new(),
        Input::Form => {
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            );
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(sent().map(|(name, value)| (name, as_text(value))));
            form.extend_pairs(shown.iter().flatten());
            form.finish().into()
        }
        Input::Json | Input::JsonAndQuery(_) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            json(sent().filter(|(name, _)| !in_query(name)), &shown)?
        }
    };
    let mut request = http::Request::new(body);
    *request.method_mut() = match spec.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
    };
    *request.uri_mut() = address.uri;
    *request.headers_mut() = headers;
    Ok((request, address.url))
}

/// The path, its holes filled.
fn path<'a>(target: &Target<'a>, fields: &Fields) -> Cow<'a, str> {
    let mut path = Cow::Borrowed(target.path);
    if target.spec.input == Input::Path {
        for (name, value) in fields.iter() {
            let hole = format!("{{{name}}}");
            if path.contains(&hole) {
                let segment: String =
                    form_urlencoded::byte_serialize(as_text(value).as_bytes()).collect();
                path = Cow::Owned(path.replace(&hole, &segment));
            }
        }
    }
    path
}

fn json<'a>(
    fields: impl Iterator<Item = (&'a str, &'a Value)> + Clone,
    shown: &Shown<'_>,
) -> Result<Bytes, Invalid> {
    struct Object<'s, I>(I, &'s Shown<'s>);
    impl<'a, I: Iterator<Item = (&'a str, &'a Value)> + Clone> Serialize for Object<'_, I> {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeMap;
            let mut map = to.serialize_map(None)?;
            for (name, value) in self.1.iter().flatten() {
                map.serialize_entry(name, value)?;
            }
            for (name, value) in self.0.clone() {
                map.serialize_entry(name, value)?;
            }
            map.end()
        }
    }
    let body = serde_json::to_vec(&Object(fields, shown));
    Ok(body.map_err(|_| Invalid::new("request", "cannot be encoded"))?.into())
}

/// Puts the credential into the headers, and returns the part of it that goes into the input.
fn write_credential<'a>(
    target: &Target<'_>,
    credential: &'a Credential,
    agent: Option<(&str, &Secret)>,
    headers: &mut http::HeaderMap,
) -> Result<Shown<'a>, Invalid> {
    let user = credential.user.as_ref();
    let secret = match &credential.secret {
        AuthSecret::Key(secret) | AuthSecret::Bearer { secret, .. } => secret.reveal(),
    };
    Ok(match target.spec.auth {
        Auth::Account | Auth::KeyHeader => {
            match &credential.secret {
                AuthSecret::Key(_) => header(headers, target.key_header, secret)?,
                AuthSecret::Bearer { .. } => {
                    let value: Bytes = ["Bearer ", secret].concat().into();
                    put(headers, AUTHORIZATION, HeaderValue::from_maybe_shared(value))?;
                }
            }
            [Some(("userName", user)), None]
        }
        Auth::Fields { user: name, key } => [Some((name, user)), Some((key, secret))],
        Auth::KeyField(key) | Auth::Kookoo(key) => [Some((key, secret)), None],
        Auth::Headers { user: name, key } => {
            header(headers, name, user)?;
            header(headers, key, secret)?;
            [None, None]
        }
        Auth::KeyOnlyHeader(key) => {
            header(headers, key, secret)?;
            [None, None]
        }
        Auth::AccountBasic => {
            basic(headers, user, secret)?;
            [None, None]
        }
        Auth::AgentBasic { user: name, key } => {
            let (id, password) =
                agent.ok_or(Invalid::new("agent", "needs an agent's id and password"))?;
            basic(headers, id, password.reveal())?;
            [Some((name, user)), Some((key, secret))]
        }
    })
}

fn header(headers: &mut http::HeaderMap, name: &str, value: &str) -> Result<(), Invalid> {
    let name = match name {
        KEY_HEADER => KEY_HEADER_NAME.clone(),
        other => HeaderName::from_bytes(other.as_bytes()).map_err(|_| unsendable())?,
    };
    put(headers, name, HeaderValue::from_str(value))
}

fn unsendable() -> Invalid {
    Invalid::new("credential", "cannot be sent in a header")
}

fn put(
    headers: &mut http::HeaderMap,
    name: HeaderName,
    value: Result<HeaderValue, InvalidHeaderValue>,
) -> Result<(), Invalid> {
    let mut value = value.map_err(|_| unsendable())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

fn basic(headers: &mut http::HeaderMap, user: &str, password: &str) -> Result<(), Invalid> {
    if user.contains(':') {
        return Err(Invalid::new("agent", "must not contain a colon"));
    }
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    put(headers, AUTHORIZATION, HeaderValue::try_from(format!("Basic {token}")))
}
