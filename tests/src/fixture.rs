//! Recorded requests and answers: `fixtures/<endpoint>.http`, and the situations of `fixtures/_every.http`.

mod about;
mod every;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use ozonetel_sdk::endpoint::{Discriminator, Endpoint, Spec};
use ozonetel_sdk::error::ResponseHead;
use ozonetel_sdk::server::encode::{self, PresentedCredential};
use ozonetel_sdk::testing::record::{ExchangeFile, RecordedAnswer, RecordedExchange};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use about::{About, AuthMode, Basis, Wanted, Way};
pub use recorded::Recorded;

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The endpoint's name.
    pub spec: String,
    /// The case's name.
    pub name: String,
    /// The request.
    pub request: Recorded,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's content type.
    pub content_type: Option<String>,
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
    pub fn head(&self) -> ResponseHead<'_> {
        ResponseHead { status: self.status, content_type: self.content_type.as_deref() }
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
    let fits = match E::SPEC.discriminator {
        Discriminator::Always => true,
        Discriminator::Is(name, value) => fields.text(name).is_some_and(|text| text == value),
        Discriminator::Has(name) => fields.get(name).is_some(),
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

/// Reads a text file.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a file of exchanges.
pub fn load(path: &Path) -> ExchangeFile {
    ExchangeFile::read(path).unwrap_or_else(|error| panic!("{error}"))
}

/// Notes as what they say; they are TOML.
pub fn notes<T: DeserializeOwned>(of: impl fmt::Display, notes: &[String]) -> T {
    toml::from_str(&notes.join("\n")).unwrap_or_else(|error| panic!("{of}: {error}"))
}

/// The notes at the head of an endpoint's file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileHead {
    /// Whose texts refuse a credential.
    credentials: Texts,
    /// Situations that the endpoint's own page shows.
    documents: BTreeSet<String>,
    /// Situations that make no sense here, and why.
    without: BTreeMap<String, String>,
    /// Paths of a success that the reply's type does not carry, and why.
    ignored: BTreeMap<String, String>,
}

/// Whose texts an endpoint uses to refuse a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Texts {
    /// Those of the reference's shared errors.
    #[default]
    Shared,
    /// Its own; they are written out in its file.
    Own,
}

/// What is known of an endpoint.
#[derive(Debug)]
pub struct Fixture {
    /// The cases that its file writes out, its plain success first, then those of the situations.
    pub cases: Vec<Case>,
    /// How many are written out.
    pub written: usize,
    /// What its replies do not carry, and why.
    pub ignored: BTreeMap<String, String>,
    /// Situations that its file's head names without effect.
    pub idle: Vec<String>,
}

/// Reads an endpoint's file, and adds the cases of the situations.
pub fn fixture(spec: &Spec) -> Fixture {
    let file = load(&folder().join(format!("{}.http", spec.name)));
    let head: FileHead = notes(spec.name, &file.notes);
    let mut cases = written(spec, &file);
    let written = cases.len();
    let (added, idle) = every::cases(spec, &head, &file, &cases);
    cases.extend(added);
    Fixture { cases, written, ignored: head.ignored, idle }
}

/// All cases of an endpoint.
pub fn cases(spec: &Spec) -> Vec<Case> {
    fixture(spec).cases
}

/// What the replies of an endpoint do not carry, and why.
pub fn ignored(spec: &Spec) -> BTreeMap<String, String> {
    fixture(spec).ignored
}

/// The cases that a file writes out.
pub fn written(spec: &Spec, file: &ExchangeFile) -> Vec<Case> {
    file.exchanges.iter().map(|exchange| case(spec, exchange)).collect()
}

fn case(spec: &Spec, exchange: &RecordedExchange) -> Case {
    let of = format!("{}/{}", spec.name, exchange.name);
    let (Some(request), Some(answer)) = (&exchange.request, &exchange.answer) else {
        panic!("{of}: a case has a request and an answer");
    };
    let request = Recorded::of(&request.to_http());
    case_of(spec, &exchange.name, request, answer, notes(of, &exchange.notes))
}

fn case_of(
    spec: &Spec,
    name: &str,
    request: Recorded,
    answer: &RecordedAnswer,
    about: About,
) -> Case {
    Case {
        spec: spec.name.to_owned(),
        name: name.to_owned(),
        request,
        status: answer.status,
        content_type: answer.header(&CONTENT_TYPE).map(str::to_owned),
        body: answer.body.clone(),
        about,
    }
}
