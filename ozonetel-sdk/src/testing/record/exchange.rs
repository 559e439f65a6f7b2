//! A request with its answer, and the same as the files of a fixture.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::Serialize;
use serde_json::Value;

use super::mask::Masker;
use crate::api::catalogue::{ALL, LEGACY};
use crate::core::encode::{self, PresentedCredential};
use crate::core::endpoint::{Spec, When};
use crate::core::envelope::{self, Outcome};
use crate::core::error::Head;

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

/// An exchange as a fixture's files.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Masked {
    /// The endpoint's name; `unknown` if no description fits.
    pub endpoint: &'static str,
    /// `about.toml`.
    pub about: String,
    /// `request.json`.
    pub request: String,
    /// `response.json` or `response.txt`.
    pub answer_file: &'static str,
    /// What it holds.
    pub answer: String,
}

#[derive(Serialize)]
struct Request<'a> {
    method: &'a str,
    path: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<BTreeMap<String, String>>,
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
                    match spec.when {
                        When::Always => true,
                        When::Is(name, value) => {
                            fields.text(name).is_some_and(|text| text == value)
                        }
                        When::Has(name) => fields.get(name).is_some(),
                    }
                })
        };
        ALL.iter().chain(LEGACY).find(fits)
    }

    /// The fixture's files. The masker learns credentials from the request.
    pub fn masked(&self, masker: &mut Masker) -> Masked {
        let spec = self.spec();
        let presented = spec.and_then(|spec| encode::decode_request(spec, &self.request).ok());
        let presented = presented.map(|(_, presented)| presented);
        self.learn(presented.as_ref(), masker);
        let request = self.request(spec, masker);
        let (answer_file, answer) = match masker.json(&self.answer) {
            Some(json) => ("response.json", json),
            None => ("response.txt", masker.sentence(&String::from_utf8_lossy(&self.answer))),
        };
        let about = self.about(spec, &answer);
        Masked {
            endpoint: spec.map_or("unknown", |spec| spec.name),
            about,
            request: serde_json::to_string_pretty(&request).unwrap_or_default() + "\n",
            answer_file,
            answer,
        }
    }

    /// Credentials by where they stand, whether or not a description fits.
    fn learn(&self, presented: Option<&PresentedCredential>, masker: &mut Masker) {
        for (name, value) in self.pairs() {
            match name.to_ascii_lowercase().replace('_', "").as_str() {
                "apikey" | "key" => masker.known(&value, "test-key"),
                "username" | "user" | "customer" => masker.known(&value, "acme_support"),
                name if name.contains("password") => masker.known(&value, "secret"),
                _ => {}
            }
        }
        for name in ["apikey", "api_key", "username"] {
            let value = self.request.headers().get(name).and_then(|value| value.to_str().ok());
            let stand_in = if name == "username" { "acme_support" } else { "test-key" };
            masker.known(value.unwrap_or_default(), stand_in);
        }
        let Some(presented) = presented else { return };
        if let Some((user, password)) = &presented.basic
            && presented.user.as_deref() != Some(user)
        {
            masker.known(user, "agent01");
            masker.known(password.reveal(), "secret");
        }
        masker.known(presented.user.as_deref().unwrap_or_default(), "acme_support");
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

    fn request(&self, spec: Option<&Spec>, masker: &mut Masker) -> Request<'_> {
        let mut fields = |text: &[u8]| -> BTreeMap<String, String> {
            let pairs = form_urlencoded::parse(text);
            pairs.map(|(name, value)| (name.to_string(), masker.value(&name, &value))).collect()
        };
        let query = fields(self.request.uri().query().unwrap_or_default().as_bytes());
        let form = self.is_form().then(|| fields(self.request.body()));
        let json = masker.json(self.request.body());
        let json = json.and_then(|json| serde_json::from_str(&json).ok());
        let headers = self.request.headers().iter().map(|(name, value)| {
            let value = value.to_str().unwrap_or_default();
            let value = match value.split_once(' ') {
                _ if name == CONTENT_TYPE => value.to_owned(),
                Some(("Basic", pair)) if name == AUTHORIZATION => {
                    format!("Basic {}", basic(pair, masker))
                }
                Some(("Bearer", _)) if name == AUTHORIZATION => "Bearer test-token".to_owned(),
                _ => masker.value(name.as_str(), value),
            };
            (name.as_str().to_owned(), value)
        });
        let headers = headers.collect();
        let path = masked_path(spec, self.request.uri().path(), masker);
        let method = self.request.method().as_str();
        Request { method, path, query, headers, json, form }
    }

    fn about(&self, spec: Option<&Spec>, answer: &str) -> String {
        let mut about = String::from(
            "basis = \"recorded\"\nsource = \"an account; say here which kind, and when\"\n\
             masked = [\"account\", \"key\", \"token\", \"agent\", \"number\", \"id\", \"text\"]\n",
        );
        if self.status != StatusCode::OK {
            let _ = writeln!(about, "status = {}", self.status.as_u16());
        }
        let kind = self.content_type.as_deref().unwrap_or("application/json");
        if kind != "application/json" {
            let _ = writeln!(about, "content_type = {}", quoted(kind));
        }
        let head = Head { status: self.status, content_type: Some(kind) };
        let read = spec.map(|spec| envelope::read::<Value>(spec, head, answer.as_bytes()));
        match read {
            Some(Ok(Outcome::Done(_))) => about += "outcome = \"done\"\n",
            Some(Ok(Outcome::Empty)) => about += "outcome = \"empty\"\n",
            Some(Ok(Outcome::Refused(refusal))) => {
                let reason = refusal.reason().as_str();
                let _ = writeln!(
                    about,
                    "outcome = \"refused\"
reason = \"{reason}\""
                );
                let _ = writeln!(about, "text = {}", quoted(refusal.message()));
            }
            Some(Err(_)) | None => about += "outcome = \"unreadable\"\n",
        }
        about
    }
}

/// User and password of HTTP Basic.
fn basic(pair: &str, masker: &mut Masker) -> String {
    let pair = STANDARD.decode(pair).unwrap_or_default();
    let pair = String::from_utf8_lossy(&pair).into_owned();
    let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
    STANDARD.encode(format!(
        "{}:{}",
        masker.value("agentId", user),
        masker.value("password", password)
    ))
}

/// A TOML text; JSON's escapes are TOML's.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Segments that the description fills are values; without a description every long number is one.
fn masked_path(spec: Option<&Spec>, path: &str, masker: &mut Masker) -> String {
    let Some(spec) = spec else { return masker.sentence(path) };
    let segments = spec.path.split('/').zip(path.split('/')).map(|(hole, given)| {
        let name = hole.strip_prefix('{').and_then(|hole| hole.strip_suffix('}'));
        name.map_or_else(|| given.to_owned(), |name| masker.value(name, given))
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

    fn recorded(request: http::request::Builder, body: &'static str) -> Masked {
        Exchange::of(&request.body(Bytes::from_static(body.as_bytes())).unwrap())
            .masked(&mut Masker::default())
    }

    #[test]
    fn an_id_in_the_path_goes() {
        let filled = ALL.iter().find(|spec| spec.path.contains("{ucid}")).unwrap();
        let path =
            filled.path.replace("{ucid}", "16330000000000017").replace("{date}", "2026-11-20");
        let request = http::Request::builder().method(filled.method.as_str());
        let masked = recorded(request.uri(format!("https://kookoo.example.test{path}")), "");
        assert_eq!(masked.endpoint, filled.name);
        assert!(masked.request.contains("/90000000000000001/"), "{}", masked.request);
        assert!(masked.request.contains("/2026-11-20/"), "{}", masked.request);
        let other = recorded(http::Request::get("https://x.example.test/a/9812345678"), "");
        assert_eq!(other.endpoint, "unknown");
        assert!(other.request.contains("\"/a/9000000001\""), "{}", other.request);
    }

    #[test]
    fn a_password_goes_however_plain_and_whether_or_not_the_path_is_known() {
        let pair = format!("Basic {}", STANDARD.encode("ravi:1234"));
        let stand_in = format!("Basic {}", STANDARD.encode("agent01:secret"));
        for path in ["/CAServices/AgentAuthenticationV2/index.php", "/elsewhere"] {
            let request = http::Request::post(format!("https://api.example.test{path}"));
            let request = request.header(AUTHORIZATION, &pair);
            let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            let masked = recorded(request, "action=login&userName=shop&apiKey=1234567");
            assert!(masked.request.contains(&stand_in), "{path}: {}", masked.request);
            for secret in ["1234", "ravi", "shop"] {
                assert!(!masked.request.contains(secret), "{path}: {}", masked.request);
            }
        }
    }
}
