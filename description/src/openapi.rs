//! The OpenAPI document.

mod answers;
mod credentials;
mod requests;

use std::collections::BTreeMap;

use ozonetel_sdk::endpoint::{
    ASSUMPTIONS, Assumption, Host, Payload, Rate, Repeat, SecondSending, Spec,
};
use ozonetel_sdk::types::Region;
use serde_json::{Map, Value, json};

use crate::declared::Declared;
use crate::operations::{Operation, by_path};

/// What the parts of the document add to its components.
#[derive(Debug, Default)]
struct Components {
    schemas: BTreeMap<String, Value>,
}

impl Components {
    /// Adds a schema, and returns the reference to it.
    fn add(&mut self, name: &str, schema: Value) -> Value {
        self.schemas.insert(name.to_owned(), schema);
        reference(name)
    }

    /// Adds a schema, unless an equal one is there already.
    fn share(&mut self, name: &str, schema: Value) -> Value {
        match self.schemas.iter().find(|(_, known)| **known == schema) {
            Some((known, _)) => reference(known),
            None => self.add(name, schema),
        }
    }
}

/// The reference to a schema of the components.
fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// `dial.agent` as the name of a type: `DialAgent`.
fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    name.split(['.', '_']).filter_map(capital).collect()
}

/// The document.
pub(crate) fn document(declared: &Declared, operations: &[Operation]) -> Value {
    let mut components = Components::default();
    answers::records(declared, operations, &mut components);
    let mut paths = Map::new();
    for (path, methods) in by_path(operations) {
        let mut item = Map::new();
        let host = methods.values().next().and_then(|group| group.first());
        if let Some(first) = host.filter(|first| first.spec.host != Host::Api) {
            item.insert("servers".into(), servers(first.spec.host));
        }
        for (method, group) in methods {
            let operation = operation(declared, &group, &mut components);
            item.insert(method.to_lowercase(), operation);
        }
        paths.insert(path.to_owned(), Value::Object(item));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ozonetel CloudAgent and KooKoo",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
            "description": ABOUT,
        },
        "servers": servers(Host::Api),
        "tags": tags(operations),
        "security": [{"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": credentials::schemes(operations),
            "schemas": components.schemas,
        },
        "x-refusal-texts": answers::texts(operations),
        "x-assumptions": ASSUMPTIONS.iter().map(assumption).collect::<Map<_, _>>(),
    })
}

const ABOUT: &str = "\
An unofficial description, generated from a typed SDK and its fixtures; nothing in it was recorded from a live account.

Where it comes from: every example names its fixture (`x-fixture`) and its basis (`x-basis`): `recorded` from the wire, \
`documented` on a page of the service, `reported` by someone who saw it, `constructed` where the sources break off. \
What no source settles is marked `x-unproven`, with ids of `x-assumptions`.

An HTTP status of 200 says nothing about the outcome: the word under `status` does, and refusals (`x-refusals`) come with 200 as well. \
Several operations share a method and a path; `x-operations` lists them, and their request is a `oneOf`. \
`GET` and `DELETE` with a JSON body are normal here. An operation whose `repeat` is `never` rings a phone or creates \
something: do not send it again when its outcome is unknown. The account's setting *API Authentication* decides between \
the schemes `key` (`BASIC_AUTH`) and `bearer` (`TOKEN_AUTH`). Times are wall-clock times in the account's zone. \
Words are open lists (`x-known-words`), objects may have fields that are not described.";

fn servers(host: Host) -> Value {
    let regions = [Region::India, Region::International];
    let server = |region: Region| {
        let address = host.address(region)?;
        Some(json!({"url": address, "description": format!("{} ({region})", host_name(host))}))
    };
    regions.into_iter().filter_map(server).collect()
}

fn host_name(host: Host) -> &'static str {
    match host {
        Host::Api => "CloudAgent API",
        Host::Events => "Event subscription",
        Host::Campaigns => "Campaign creation",
        Host::Kookoo => "KooKoo (CPaaS)",
        Host::Messaging => "Messaging templates",
        Host::LegacyApi => "Older API host",
    }
}

fn tags(operations: &[Operation]) -> Value {
    let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for operation in operations {
        let titles = tags.entry(operation.family()).or_default();
        if !titles.contains(&operation.spec.title) {
            titles.push(operation.spec.title);
        }
    }
    let tag = |(name, titles): (&&str, &Vec<&str>)| {
        let description = match *name {
            "legacy" => "Endpoints whose pages carry a deprecation notice.".to_owned(),
            _ => format!("{}.", titles.join(", ")),
        };
        json!({"name": name, "description": description})
    };
    tags.iter().map(tag).collect()
}

fn assumption(assumption: &Assumption) -> (String, Value) {
    let about = json!({
        "assumed": assumption.assumed,
        "sources": assumption.sources,
        "setting": assumption.setting,
        "test": assumption.test,
    });
    (assumption.id.to_owned(), about)
}

/// One or several endpoints behind one method and path.
fn operation(declared: &Declared, group: &[&Operation], components: &mut Components) -> Value {
    let first = group[0];
    let mut out = json!({
        "operationId": operation_id(group),
        "summary": distinct(group.iter().map(|one| one.spec.title)).join("; "),
        "description": description(declared, group),
        "tags": [first.family()],
        "security": credentials::requirement(&first.spec.auth),
        "responses": answers::responses(declared, group, components),
        "x-operations": group.iter().map(|one| facts(&one.spec)).collect::<Vec<_>>(),
        "x-refusals": answers::refusals(group),
    });
    if first.spec.docs.starts_with("http") {
        out["externalDocs"] = json!({"url": first.spec.docs});
    }
    if first.is_legacy() {
        out["deprecated"] = json!(true);
    }
    let parameters = requests::parameters(declared, group);
    if !parameters.is_empty() {
        out["parameters"] = json!(parameters);
    }
    if let Some(body) = requests::body(declared, group, components) {
        out["requestBody"] = body;
    }
    let unproven = distinct(group.iter().flat_map(|one| unproven(&one.spec)));
    if !unproven.is_empty() {
        out["x-unproven"] = json!(unproven);
    }
    out
}

/// One endpoint's name; several go by their path.
fn operation_id(group: &[&Operation]) -> String {
    match group {
        [one] => one.spec.name.replace('.', "_"),
        [first, ..] => {
            let stem = first.spec.path.rsplit('/').next().unwrap_or_default();
            let stem = stem.split('.').next().unwrap_or_default();
            let family = first.family();
            let path = first.spec.path.split('/').rev().nth(1).filter(|_| stem == "index");
            format!(
                "{family}_{}_{}",
                path.unwrap_or(stem),
                first.spec.method.as_str().to_lowercase()
            )
        }
        [] => String::new(),
    }
}

fn description(declared: &Declared, group: &[&Operation]) -> String {
    let mut lines = Vec::new();
    for one in group {
        let doc = declared.get(&one.request.inner().name).map_or("", |found| &found.doc);
        let doc = match one.request.args.first() {
            Some(moved) if one.request.name == "Legacy" => {
                declared.get(&moved.name).map_or(doc, |found| &found.doc)
            }
            _ => doc,
        };
        let named = if group.len() > 1 { format!("`{}`: ", one.spec.name) } else { String::new() };
        lines.push(format!("{named}{doc}"));
    }
    let list = if group.len() > 1 { "- " } else { "" };
    lines.iter().map(|line| format!("{list}{line}")).collect::<Vec<_>>().join("\n")
}

/// What the endpoint's description says beyond OpenAPI.
fn facts(spec: &Spec) -> Value {
    let mut facts = json!({
        "name": spec.name,
        "title": spec.title,
        "source": spec.docs,
        "repeat": match (spec.repeat, spec.second_sending) {
            (Repeat::Once, _) => "never",
            (Repeat::Safe, SecondSending::Harmless) => "harmless",
            (Repeat::Safe, SecondSending::Refused) => "refused",
        },
        "effect": spec.effect.as_str(),
        "success-words": spec.envelope.success_words,
        "payload": payload(&spec.envelope.payload),
    });
    if let Some((requests, seconds)) = spec.rate.limit() {
        facts["limit"] =
            json!({"class": spec.rate.name(), "requests": requests, "seconds": seconds});
    } else {
        facts["limit"] = json!(Rate::Unstated.name());
    }
    if !spec.envelope.empty_messages.is_empty() {
        facts["none-messages"] = json!(spec.envelope.empty_messages);
    }
    if !spec.alternative_paths.is_empty() {
        facts["alternative-paths"] = json!(spec.alternative_paths);
    }
    facts
}

fn payload(payload: &Payload) -> Value {
    match payload {
        Payload::Text => json!("the accompanying text"),
        Payload::Whole => json!("the document"),
        Payload::At(keys) => json!({"at": keys}),
        Payload::AtOrTop(keys) => json!({"at-or-top": keys}),
        Payload::RowsAt(keys) => json!({"rows-at": keys}),
        Payload::JsonTextAt(keys) => json!({"json-text-at": keys}),
        Payload::Plain => json!("plain text"),
        Payload::Xml => json!("XML"),
        Payload::Open => json!("open"),
    }
}

/// The ids of what is assumed about an endpoint as a whole.
fn unproven(spec: &Spec) -> Vec<&'static str> {
    let mine = ASSUMPTIONS.iter().filter(|one| one.is_about(spec) && one.fields.is_empty());
    mine.map(|one| one.id).collect()
}

/// Each once, in order.
fn distinct<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut out = Vec::new();
    for one in all {
        if !out.contains(&one) {
            out.push(one);
        }
    }
    out
}
