//! The catalogue with the names of its types and what its fixtures show.

use std::any::type_name;
use std::collections::BTreeMap;

use bytes::Bytes;
use ozonetel_sdk::endpoint::{Endpoint, Payload, Spec};
use ozonetel_tests::fixture::{self, Case, Wanted};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::declared::TypeName;

/// One endpoint.
#[derive(Debug)]
pub struct Operation {
    /// Its description.
    pub spec: Spec,
    /// The type of its request.
    pub request: TypeName,
    /// The type of its reply.
    pub reply: TypeName,
    /// The cases of its fixture, its plain success first.
    pub cases: Vec<Case>,
    /// How many of them its own file writes out; the others happen to any endpoint.
    pub written: usize,
}

impl Operation {
    fn of<E: Endpoint>() -> Self {
        let fixture::Fixture { cases, written, .. } = fixture::fixture(&E::SPEC);
        Self {
            spec: E::SPEC,
            request: TypeName::parse(type_name::<E>()),
            reply: TypeName::parse(type_name::<E::Reply>()),
            cases,
            written,
        }
    }

    /// Whether the service deprecates it.
    pub fn is_legacy(&self) -> bool {
        self.spec.name.starts_with("legacy.")
    }

    /// The word in front of the dot: which family it belongs to.
    pub fn family(&self) -> &'static str {
        self.spec.name.split_once('.').map_or(self.spec.name, |(family, _)| family)
    }
}

/// What a case's answer is, as far as the description goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A JSON document, or the elements of an XML document.
    Document(Value),
    /// Anything else.
    Text(String),
}

/// The answer of a case.
pub fn body(spec: &Spec, case: &Case) -> Body {
    if let Some(json) = case.json() {
        return Body::Document(json);
    }
    let text = String::from_utf8_lossy(&case.body).into_owned();
    if spec.envelope.payload == Payload::Xml
        && let Some(elements) = elements(&case.body)
    {
        return Body::Document(Value::Object(elements));
    }
    Body::Text(text)
}

/// The elements of a flat XML document.
fn elements(body: &Bytes) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut reader = Reader::from_str(text.trim());
    let (mut path, mut out) = (Vec::new(), Map::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_owned();
                if path.is_empty() && !name.eq_ignore_ascii_case("response") {
                    return None;
                }
                if path.len() == 1 {
                    out.insert(name.clone(), Value::String(String::new()));
                }
                path.push(name);
            }
            Event::Text(text) if path.len() == 2 => {
                let text = text.into_inner().into_owned();
                out.insert(path[1].clone(), Value::String(text));
            }
            Event::End(_) => drop(path.pop()),
            Event::Eof => break,
            _ => {}
        }
    }
    (path.is_empty() && !out.is_empty()).then_some(out)
}

/// Whether the description has to know a case's answer. Answers that were made up to be unreadable are none of the
/// service's: they show that the SDK is not misled.
pub fn is_described(case: &Case) -> bool {
    case.about.outcome != Wanted::Unreadable || case.about.basis != fixture::Basis::Constructed
}

/// Every endpoint of the catalogue, deprecated ones last.
pub fn all() -> Vec<Operation> {
    let mut all = Vec::new();
    macro_rules! add {
        ($($name:ident: $endpoint:ty,)*) => { $( all.push(Operation::of::<$endpoint>()); )* };
    }
    ozonetel_sdk::each_endpoint!(add);
    ozonetel_sdk::each_legacy_endpoint!(add);
    all
}

/// Operations by path and method, in the order of the catalogue.
pub fn by_path(
    all: &[Operation],
) -> BTreeMap<&'static str, BTreeMap<&'static str, Vec<&Operation>>> {
    let mut paths: BTreeMap<_, BTreeMap<_, Vec<&Operation>>> = BTreeMap::new();
    for operation in all {
        let methods = paths.entry(operation.spec.path).or_default();
        methods.entry(operation.spec.method.as_str()).or_default().push(operation);
    }
    paths
}
