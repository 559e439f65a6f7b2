//! Recorded requests and answers: `fixtures/<endpoint>/<case>/`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::StatusCode;
use ozonetel_sdk::endpoint::{Endpoint, Spec, When};
use ozonetel_sdk::error::Head;
use ozonetel_sdk::server::encode::{self, PresentedCredential};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stage::Stage;

/// Where a case comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Taken from the wire.
    Recorded,
    /// Printed on a page of the service.
    Documented,
    /// Told by somebody who saw it.
    Reported,
    /// Made up, after the sources broke off.
    Constructed,
}

/// What the SDK does with a case's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Sends it as recorded.
    #[default]
    Sent,
    /// Can express it, and refuses it before a request is spent.
    Refused,
    /// Cannot express it.
    Never,
}

/// What the reader of envelopes makes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Wanted {
    Done,
    Empty,
    Refused,
    Unreadable,
}

/// The account's authentication mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Mode {
    Key,
    Token,
}

/// `about.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Where it comes from.
    pub basis: Basis,
    /// The page, or what it was made from.
    pub source: String,
    /// What was replaced by placeholders.
    pub masked: Vec<String>,
    /// What is remarkable.
    pub note: Option<String>,
    /// HTTP status.
    #[serde(default = "ok")]
    pub status: u16,
    /// Content type.
    #[serde(default = "json")]
    pub content_type: String,
    /// What the SDK does with the request.
    #[serde(default)]
    pub request: Way,
    /// The field that the SDK refuses.
    pub field: Option<String>,
    /// The world in which the simulator gives the same answer.
    pub stage: Option<Stage>,
    /// The account's mode there, where the request does not tell.
    pub mode: Option<Mode>,
    /// How the answer reads.
    pub outcome: Wanted,
    /// The refusal's reason.
    pub reason: Option<String>,
    /// The refusal's text.
    pub text: Option<String>,
    /// The JSON path that does not decode.
    pub path: Option<String>,
    /// How the call ends, where that differs from how the answer reads.
    pub call: Option<Wanted>,
}

fn ok() -> u16 {
    200
}

fn json() -> String {
    "application/json".into()
}

/// A request as recorded, and any request in the same form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query's fields.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Every header that the SDK sets; names in lower case after reading.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A JSON body.
    pub json: Option<Value>,
    /// A form body.
    pub form: Option<BTreeMap<String, String>>,
}

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    form(text).collect()
}

fn form(text: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    url::form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

impl Recorded {
    /// A request in this form.
    pub fn of(request: &http::Request<Bytes>) -> Self {
        let headers = request.headers().iter();
        let headers: BTreeMap<String, String> = headers
            .map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into())
            })
            .collect();
        let is_form = headers.get("content-type").is_some_and(|kind| kind.contains("form"));
        Self {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: pairs(request.uri().query().unwrap_or_default().as_bytes()),
            json: serde_json::from_slice(request.body()).ok(),
            form: is_form.then(|| pairs(request.body())),
            headers,
        }
    }

    /// The request itself.
    pub fn http(&self) -> http::Request<Bytes> {
        let encode = |fields: &BTreeMap<String, String>| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        };
        let query = encode(&self.query);
        let mark = if query.is_empty() { "" } else { "?" };
        let body = match (&self.json, &self.form) {
            (Some(json), _) => json.to_string().into(),
            (None, Some(form)) => encode(form).into(),
            (None, None) => Bytes::new(),
        };
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(format!("http://api.example.test{}{mark}{query}", self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body).expect("a recorded request is a request")
    }

    fn lower(mut self) -> Self {
        self.headers =
            self.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        self
    }

    /// With every placeholder replaced by what it stands for.
    pub fn with(&self, replace: &[(&str, &str)]) -> Self {
        let mut text = serde_json::to_string(self).expect("a recorded request is JSON");
        for (placeholder, value) in replace {
            text = text.replace(placeholder, value);
        }
        serde_json::from_str(&text).expect("a placeholder stands inside a text")
    }
}

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The endpoint's name.
    pub spec: String,
    /// The case's name.
    pub name: String,
    /// The request.
    pub request: Recorded,
    /// The answer's bytes.
    pub body: Bytes,
    /// Where it comes from and what is expected.
    pub about: About,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.spec, self.name)
    }
}

impl Case {
    /// The answer's head.
    pub fn head(&self) -> Head<'_> {
        Head { status: self.status(), content_type: Some(&self.about.content_type) }
    }

    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.about.status).expect("a status")
    }

    /// The answer as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The request's value and its credential, if the SDK can express it.
    pub fn typed<E: Endpoint>(&self) -> Option<(E, PresentedCredential)> {
        typed(&self.request)
    }
}

/// Reads a request back into the endpoint's type.
pub fn typed<E: Endpoint>(recorded: &Recorded) -> Option<(E, PresentedCredential)> {
    let (fields, presented) = encode::decode_request(&E::SPEC, &recorded.http()).ok()?;
    let fits = match E::SPEC.when {
        When::Always => true,
        When::Is(name, value) => fields.text(name).is_some_and(|text| text == value),
        When::Has(name) => fields.get(name).is_some(),
    };
    let mut request: E = encode::decode_fields(&fields).ok().filter(|_| fits)?;
    if let Some((id, password)) = &presented.basic {
        request.set_agent(id, password.clone());
    }
    Some((request, presented))
}

/// Where the fixtures are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// The folders in a folder, by name.
pub fn folders(of: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(of) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Reads a file of a case.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All cases of an endpoint, by name.
pub fn cases(spec: &Spec) -> Vec<Case> {
    recorded(&folder(), spec)
}

/// The same from another folder.
pub fn recorded(folder: &Path, spec: &Spec) -> Vec<Case> {
    let folder = folder.join(spec.name);
    folders(&folder).into_iter().map(|name| case(spec.name, &folder, name)).collect()
}

fn case(spec: &str, folder: &Path, name: String) -> Case {
    let folder = folder.join(&name);
    let bad = |file: &str, error: &dyn fmt::Display| -> String {
        panic!("{spec}/{name}/{file}: {error}");
    };
    let about: About = toml::from_str(&read(&folder.join("about.toml")))
        .map_err(|error| bad("about.toml", &error))
        .expect("checked");
    let request: Recorded = serde_json::from_str(&read(&folder.join("request.json")))
        .map_err(|error| bad("request.json", &error))
        .expect("checked");
    let body = ["response.json", "response.txt"].map(|file| fs::read(folder.join(file)).ok());
    let body = match body {
        [Some(body), None] | [None, Some(body)] => Bytes::from(body),
        _ => panic!("{spec}/{name}: one of response.json and response.txt has to be there"),
    };
    Case { spec: spec.to_owned(), request: request.lower(), body, about, name }
}

/// What the replies of an endpoint do not carry, and why: `ignored.toml`.
pub fn ignored(spec: &Spec) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Ignored {
        paths: BTreeMap<String, String>,
    }
    let path = folder().join(spec.name).join("ignored.toml");
    if !path.exists() {
        return BTreeMap::new();
    }
    let ignored: Ignored = toml::from_str(&read(&path)).expect("ignored.toml lists paths");
    ignored.paths
}
