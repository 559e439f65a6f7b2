//! A request with its answer, and the same masked, in the form of a fixture.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::exchange_file::{RecordedAnswer, RecordedExchange, RecordedRequest};
use super::mask::Masker;
use crate::api::catalogue::{ALL, LEGACY};
use crate::core::encode::{self, PresentedCredential};
use crate::core::endpoint::{Discriminator, Spec};
use crate::core::envelope::{self, Outcome};
use crate::core::error::ResponseHead;

/// A request with its answer, as they passed.
#[derive(Clone)]
pub struct Exchange {
    request: http::Request<Bytes>,
    status: StatusCode,
    content_type: Option<String>,
    /// The answer's body.
    pub answer: Bytes,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange({} {})", self.request.method(), self.request.uri().path())
    }
}

/// An exchange with stand-ins in place of what is personal or secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Masked {
    /// The endpoint's name; `unknown` if no description fits.
    pub endpoint: &'static str,
    /// The exchange; it gets its name when it is written.
    pub exchange: RecordedExchange,
}

impl Exchange {
    /// A request that has no answer yet.
    pub fn of(request: &http::Request<Bytes>) -> Self {
        let request = request.clone();
        Self { request, status: StatusCode::OK, content_type: None, answer: Bytes::new() }
    }

    /// Takes the answer's head.
    pub fn answered(&mut self, head: &http::Response<()>) {
        self.status = head.status();
        let kind = head.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        self.content_type = kind.map(str::to_owned);
    }

    /// The description that the request was made from.
    pub fn spec(&self) -> Option<&'static Spec> {
        let fits = |spec: &&Spec| {
            spec.method.as_str() == self.request.method().as_str()
                && same_path(spec.path, self.request.uri().path())
                && encode::decode_request(spec, &self.request).is_ok_and(|(fields, _)| {
                    match spec.discriminator {
                        Discriminator::Always => true,
                        Discriminator::Is(name, value) => {
                            fields.text(name).is_some_and(|text| text == value)
                        }
                        Discriminator::Has(name) => fields.get(name).is_some(),
                    }
                })
        };
        ALL.iter().chain(LEGACY).find(fits)
    }

    /// The exchange with stand-ins. The masker learns credentials from the request.
    pub fn masked(&self, masker: &Masker) -> Masked {
        let spec = self.spec();
        let presented = spec.and_then(|spec| encode::decode_request(spec, &self.request).ok());
        let presented = presented.map(|(_, presented)| presented);
        self.learn(presented.as_ref(), masker);
        let request = self.request(spec, masker);
        let body = masked_body(&self.answer, masker);
        let kind = self.content_type.as_deref();
        let kind = kind.and_then(|kind| HeaderValue::from_str(kind).ok());
        let headers = kind.map(|kind| (CONTENT_TYPE, kind)).into_iter().collect();
        let exchange = RecordedExchange {
            name: String::new(),
            notes: self.notes(spec, &body),
            request: Some(request),
            answer: Some(RecordedAnswer { status: self.status, headers, body }),
        };
        Masked { endpoint: spec.map_or("unknown", |spec| spec.name), exchange }
    }

    /// Credentials by where they are, whether or not a description fits.
    fn learn(&self, presented: Option<&PresentedCredential>, masker: &Masker) {
        for (name, value) in self.pairs() {
            match name.to_ascii_lowercase().replace('_', "").as_str() {
                "apikey" | "key" => masker.known(&value, "test-key"),
                "username" | "user" | "customer" => _ = masker.value("userName", &value),
                name if name.contains("password") => masker.known(&value, "secret"),
                _ => {}
            }
        }
        let header = |name| self.request.headers().get(name)?.to_str().ok();
        for name in ["apikey", "api_key"] {
            masker.known(header(name).unwrap_or_default(), "test-key");
        }
        masker.value("userName", header("username").unwrap_or_default());
        let Some(presented) = presented else { return };
        if let Some((user, password)) = &presented.basic
            && presented.user.as_deref() != Some(user)
        {
            masker.value("agentId", user);
            masker.known(password.reveal(), "secret");
        }
        masker.value("userName", presented.user.as_deref().unwrap_or_default());
        let key = presented.key.as_ref().map(crate::types::secret::Secret::reveal);
        masker.known(key.unwrap_or_default(), "test-key");
        let token = presented.bearer.as_ref().map(crate::types::secret::Secret::reveal);
        masker.known(token.unwrap_or_default(), "test-token");
    }

    /// Fields of query, form and JSON body, at their top.
    fn pairs(&self) -> Vec<(String, String)> {
        let read = |text: &[u8]| {
            let pairs = form_urlencoded::parse(text);
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect::<Vec<_>>()
        };
        let mut all = read(self.request.uri().query().unwrap_or_default().as_bytes());
        match serde_json::from_slice(self.request.body()) {
            Ok(Value::Object(fields)) => {
                all.extend(fields.into_iter().filter_map(|(name, value)| match value {
                    Value::String(value) => Some((name, value)),
                    _ => None,
                }));
            }
            _ if self.is_form() => all.extend(read(self.request.body())),
            _ => {}
        }
        all
    }

    fn is_form(&self) -> bool {
        let kind = self.request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.is_some_and(|kind| kind.contains("form"))
    }

    fn request(&self, spec: Option<&Spec>, masker: &Masker) -> RecordedRequest {
        let headers = self.request.headers().iter().map(|(name, value)| {
            (name.clone(), masked_header(name, value.to_str().unwrap_or_default(), masker))
        });
        let headers = headers.collect();
        let mut target = masked_path(spec, self.request.uri().path(), masker);
        if let Some(query) = self.request.uri().query() {
            target = format!("{target}?{}", masked_form(query.as_bytes(), masker));
        }
        let body = self.request.body();
        RecordedRequest {
            method: self.request.method().clone(),
            target: PathAndQuery::try_from(target)
                .unwrap_or_else(|_| PathAndQuery::from_static("/")),
            headers,
            body: if self.is_form() {
                masked_form(body, masker).into()
            } else {
                masked_body(body, masker)
            },
        }
    }

    fn notes(&self, spec: Option<&Spec>, answer: &[u8]) -> Vec<String> {
        let mut notes = vec![
            "basis = \"recorded\"".to_owned(),
            "source = \"an account; say here which kind, and when\"".to_owned(),
            "masked = [\"account\", \"key\", \"token\", \"agent\", \"number\", \"id\", \"text\"]"
                .to_owned(),
        ];
        let head = ResponseHead { status: self.status, content_type: self.content_type.as_deref() };
        let read = spec.map(|spec| envelope::read::<Value>(spec, head, answer));
        let outcome = match read {
            Some(Ok(Outcome::Done(_))) => "done",
            Some(Ok(Outcome::Empty)) => "empty",
            Some(Ok(Outcome::Refused(_))) => "refused",
            Some(Err(_)) | None => "unreadable",
        };
        notes.push(format!("outcome = \"{outcome}\""));
        if let Some(Ok(Outcome::Refused(refusal))) = &read {
            notes.push(format!("reason = \"{}\"", refusal.reason().as_str()));
            notes.push(format!("text = {}", quoted(refusal.message())));
        }
        notes
    }
}

/// A body with stand-ins. What is not UTF-8 stays as it is.
fn masked_body(body: &[u8], masker: &Masker) -> Bytes {
    if let Some(json) = masker.json(body) {
        return json.into();
    }
    let mut out = Vec::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        out.extend_from_slice(masker.sentence(chunk.valid()).as_bytes());
        out.extend_from_slice(chunk.invalid());
    }
    out.into()
}

/// The fields of a query or a form with stand-ins, in their order.
fn masked_form(text: &[u8], masker: &Masker) -> String {
    let fields = form_urlencoded::parse(text).map(|(name, value)| {
        let value = masker.value(&name, &value);
        (name, value)
    });
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn masked_header(name: &HeaderName, value: &str, masker: &Masker) -> HeaderValue {
    let shown = match value.split_once(' ') {
        _ if name == CONTENT_TYPE => value.to_owned(),
        Some(("Basic", pair)) if name == AUTHORIZATION => format!("Basic {}", basic(pair, masker)),
        Some(("Bearer", _)) if name == AUTHORIZATION => "Bearer test-token".to_owned(),
        _ => masker.value(name.as_str(), value),
    };
    HeaderValue::from_str(&shown).unwrap_or_else(|_| HeaderValue::from_static("masked"))
}

/// User and password of HTTP Basic.
fn basic(pair: &str, masker: &Masker) -> String {
    let pair = STANDARD.decode(pair).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    STANDARD.encode(format!(
        "{}:{}",
        masker.value("agentId", user),
        masker.value("password", password)
    ))
}

/// A TOML text on one line; JSON's escapes are TOML's.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in Value::from(text).to_string().chars() {
        if c.is_control() {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Segments that the description fills are values; without a description every long number is one.
fn masked_path(spec: Option<&Spec>, path: &str, masker: &Masker) -> String {
    let Some(spec) = spec else { return masker.sentence(path) };
    let segments = spec.path.split('/').zip(path.split('/')).map(|(hole, given)| {
        let name = hole.strip_prefix('{').and_then(|hole| hole.strip_suffix('}'));
        let segment = name.map_or_else(|| given.to_owned(), |name| masker.value(name, given));
        let plain = segment.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#/".contains(&byte));
        if plain { segment } else { form_urlencoded::byte_serialize(segment.as_bytes()).collect() }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Whether a request's path is the description's, holes filled.
fn same_path(wanted: &str, path: &str) -> bool {
    let mut asked = path.split('/');
    let all = wanted
        .split('/')
        .all(|part| asked.next().is_some_and(|given| part.starts_with('{') || part == given));
    all && asked.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The endpoint, and the exchange as it is written.
    fn recorded(request: http::request::Builder, body: &'static str) -> (&'static str, String) {
        let exchange = Exchange::of(&request.body(Bytes::from_static(body.as_bytes())).unwrap());
        let mut masked = exchange.masked(&Masker::default());
        masked.exchange.name = "a".into();
        let text = masked.exchange.to_bytes().unwrap();
        (masked.endpoint, String::from_utf8(text).unwrap())
    }

    #[test]
    fn an_id_in_the_path_goes() {
        let filled = ALL.iter().find(|spec| spec.path.contains("{ucid}")).unwrap();
        let path =
            filled.path.replace("{ucid}", "16330000000000017").replace("{date}", "2026-11-20");
        let request = http::Request::builder().method(filled.method.as_str());
        let (endpoint, masked) =
            recorded(request.uri(format!("https://kookoo.example.test{path}")), "");
        assert_eq!(endpoint, filled.name);
        assert!(masked.contains("/90000000000000001/"), "{masked}");
        assert!(masked.contains("/2026-11-20/"), "{masked}");
        let (endpoint, other) =
            recorded(http::Request::get("https://x.example.test/a/9812345678"), "");
        assert_eq!(endpoint, "unknown");
        assert!(other.contains("GET /a/9000000001\n"), "{other}");
    }

    #[test]
    fn a_password_goes_however_plain_and_whether_or_not_the_path_is_known() {
        let pair = format!("Basic {}", STANDARD.encode("ravi:1234"));
        let stand_in = format!("Basic {}", STANDARD.encode("agent01:secret"));
        for path in ["/CAServices/AgentAuthenticationV2/index.php", "/elsewhere"] {
            let request = http::Request::post(format!("https://api.example.test{path}"));
            let request = request.header(AUTHORIZATION, &pair);
            let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let (_, masked) = recorded(request, "action=login&userName=shop&apiKey=1234567");
            assert!(masked.contains(&stand_in), "{path}: {masked}");
            for secret in ["1234", "ravi", "shop"] {
                assert!(!masked.contains(secret), "{path}: {masked}");
            }
        }
    }
}
