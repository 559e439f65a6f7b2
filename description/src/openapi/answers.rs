//! Answers: what each status and content type may carry, with the fixtures that show it.

use std::collections::{BTreeMap, BTreeSet};

use ozonetel_sdk::endpoint::{Payload, Spec};
use ozonetel_tests::fixture::{Basis, Case, Wanted};
use serde_json::{Map, Value, json};

use super::{Components, pascal, reference};
use crate::declared::Declared;
use crate::operations::{Body, Operation, body, is_described};
use crate::samples::Samples;

/// How a basis is written.
fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Recorded => "recorded",
        Basis::Documented => "documented",
        Basis::Reported => "reported",
        Basis::Constructed => "constructed",
    }
}

fn keys(spec: &Spec) -> &'static [&'static str] {
    match spec.envelope.payload {
        Payload::At(keys) | Payload::AtOrTop(keys) | Payload::RowsAt(keys) => keys,
        _ => &[],
    }
}

/// The status word of a document.
fn word(document: &Value) -> Option<&str> {
    let fields = document.as_object()?;
    let mut named = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("status"));
    named.next()?.1.as_str()
}

/// Whether an answer says that the operation was done: its outcome, or, where there is none, its word.
fn is_done(spec: &Spec, case: &Case, document: &Value) -> bool {
    match case.about.outcome {
        Wanted::Done => true,
        Wanted::Empty => word(document).is_some_and(|word| {
            spec.envelope.success_words.iter().any(|one| one.eq_ignore_ascii_case(word))
        }),
        Wanted::Refused | Wanted::Unreadable => false,
    }
}

/// Adds the records that the operations' answers carry, with what was seen in all of them.
pub(super) fn records(declared: &Declared, operations: &[Operation], components: &mut Components) {
    let mut seen: BTreeMap<&str, Samples> = BTreeMap::new();
    for one in operations {
        let Some(record) = declared.record_in(&one.reply) else { continue };
        let samples = seen.entry(record).or_default();
        for case in one.cases.iter().filter(|case| is_described(case)) {
            let Body::Document(document) = body(&one.spec, case) else { continue };
            if !is_done(&one.spec, case, &document) {
                continue;
            }
            for key in keys(&one.spec) {
                match &document[key] {
                    Value::Array(rows) => {
                        rows.iter().filter(|row| row.is_object()).for_each(|row| samples.add(row));
                    }
                    row @ Value::Object(_) => samples.add(row),
                    _ => {}
                }
            }
        }
    }
    for (record, samples) in seen {
        if !samples.is_empty() {
            components.schemas.insert(record.to_owned(), declared.record_schema(record, &samples));
        }
    }
}

/// What one status and content type carries.
#[derive(Debug, Default)]
struct Content {
    schemas: Vec<Value>,
    examples: Map<String, Value>,
    happens_anywhere: BTreeSet<String>,
}

impl Content {
    fn may_be(&mut self, schema: Value) {
        if !self.schemas.contains(&schema) {
            self.schemas.push(schema);
        }
    }
}

/// The content type of an answer, without parameters.
fn media(case: &Case, body: &Body) -> String {
    let given = case.content_type.as_deref().and_then(|text| text.split(';').next());
    let assumed = match body {
        Body::Document(_) => "application/json",
        Body::Text(_) => "text/plain",
    };
    given.unwrap_or(assumed).trim().to_lowercase()
}

/// Whether documents of this content type have a schema of their own.
fn is_structured(media: &str) -> bool {
    media.ends_with("json") || media.ends_with("xml")
}

/// The responses of operations that share a method and a path.
pub(super) fn responses(
    declared: &Declared,
    group: &[&Operation],
    components: &mut Components,
) -> Value {
    let mut all: BTreeMap<u16, BTreeMap<String, Content>> = BTreeMap::new();
    for one in group {
        let schemas = Schemas::of(declared, one, components);
        for (at, case) in one.cases.iter().enumerate().filter(|(_, case)| is_described(case)) {
            let body = body(&one.spec, case);
            let media = media(case, &body);
            let content =
                all.entry(case.status.as_u16()).or_default().entry(media.clone()).or_default();
            let value = match body {
                Body::Document(document) if is_structured(&media) => {
                    let done = is_done(&one.spec, case, &document);
                    content.may_be(schemas.of_document(done, &document));
                    document
                }
                Body::Document(document) => {
                    content.may_be(json!({"type": "string"}));
                    json!(document.to_string())
                }
                Body::Text(text) => {
                    content.may_be(json!({"type": "string"}));
                    json!(text)
                }
            };
            if at < one.written {
                content.examples.insert(case.to_string().replace('/', "."), example(case, &value));
            } else {
                content.happens_anywhere.insert(case.name.clone());
            }
        }
    }
    let response = |(status, contents): (u16, BTreeMap<String, Content>)| {
        let contents: Map<String, Value> =
            contents.into_iter().map(|(media, content)| (media, written(content))).collect();
        let about = json!({"description": status_text(status), "content": contents});
        (status.to_string(), about)
    };
    all.into_iter().map(response).collect::<Map<_, _>>().into()
}

fn status_text(status: u16) -> &'static str {
    match status {
        200 => "Done, none, or refused: the word under `status` decides.",
        401 | 403 => "Refused: the credential, or the wrong kind of credential.",
        404 => "No such path.",
        405 => "The path has another method.",
        429 => "Too many requests.",
        500.. => "A failure of the service, or of something on the way to it.",
        _ => "Refused.",
    }
}

fn written(content: Content) -> Value {
    let schema = match content.schemas.as_slice() {
        [one] => one.clone(),
        several => json!({ "anyOf": several }),
    };
    let mut out = json!({ "schema": schema });
    if !content.examples.is_empty() {
        out["examples"] = Value::Object(content.examples);
    }
    if !content.happens_anywhere.is_empty() {
        out["x-may-happen-to-any-operation"] = json!(content.happens_anywhere);
    }
    out
}

fn example(case: &Case, value: &Value) -> Value {
    let mut out = json!({
        "summary": format!("{}: {}", basis(case.about.basis), case.name.replace('_', " ")),
        "description": case.about.source,
        "value": value,
        "x-fixture": case.to_string(),
        "x-basis": basis(case.about.basis),
    });
    if let Some(note) = &case.about.note {
        out["description"] = json!(format!("{}; {note}", case.about.source));
    }
    out
}

/// Names under which the text of a refusal is found.
const TEXTS: [&str; 4] = ["message", "Message", "messages", "details"];

/// Which of them a refusal has.
fn text_name(document: &Value) -> Option<usize> {
    TEXTS.iter().position(|name| document[name].is_string())
}

/// The schemas of an operation's answers.
struct Schemas {
    done: Value,
    /// By the name of the text.
    refused: BTreeMap<Option<usize>, Value>,
}

impl Schemas {
    fn of(declared: &Declared, one: &Operation, components: &mut Components) -> Self {
        let mut done = Samples::default();
        let mut refused: BTreeMap<Option<usize>, Samples> = BTreeMap::new();
        for case in one.cases.iter().filter(|case| is_described(case)) {
            let Body::Document(document) = body(&one.spec, case) else { continue };
            if is_done(&one.spec, case, &document) {
                done.add(&document);
            } else {
                refused.entry(text_name(&document)).or_default().add(&document);
            }
        }
        let words = success_words(&one.spec, &done);
        let name = pascal(one.spec.name);
        let answer = done_schema(declared, one, &done, &words);
        // Plain text has no schema of its own.
        let answer =
            if done.is_empty() { answer } else { components.add(&format!("{name}Answer"), answer) };
        let mut out = Self { done: answer, refused: BTreeMap::new() };
        for (at, (text, samples)) in refused.into_iter().enumerate() {
            let number = if at == 0 { String::new() } else { (at + 1).to_string() };
            let schema = refused_schema(&samples, &words);
            let schema = components.share(&format!("{name}Refusal{number}"), schema);
            out.refused.insert(text, schema);
        }
        out
    }

    /// The schema of a document.
    fn of_document(&self, done: bool, document: &Value) -> Value {
        let refused = self.refused.get(&text_name(document)).filter(|_| !done);
        refused.unwrap_or(&self.done).clone()
    }
}

/// The name of the field with the status word.
fn status_field(samples: &Samples) -> Option<String> {
    samples.names().find(|name| name.eq_ignore_ascii_case("status")).map(str::to_owned)
}

fn success_words(spec: &Spec, done: &Samples) -> BTreeSet<String> {
    let listed = spec.envelope.success_words.iter().map(|word| (*word).to_owned());
    let seen = status_field(done);
    let seen = seen.as_deref().and_then(|name| done.field(name));
    listed.chain(seen.into_iter().flat_map(|field| field.texts().iter().cloned())).collect()
}

fn done_schema(
    declared: &Declared,
    one: &Operation,
    samples: &Samples,
    words: &BTreeSet<String>,
) -> Value {
    if one.spec.envelope.payload == Payload::Open {
        return json!({"description": "No source shows a success: any JSON document."});
    }
    let record = declared.record_in(&one.reply);
    let whole = matches!(one.spec.envelope.payload, Payload::Whole | Payload::Xml);
    let mut schema = match record {
        Some(record) if whole => {
            let mut schema = declared.record_schema(record, samples);
            schema["required"] = json!(samples.always());
            schema
        }
        _ => {
            let known = |path: &str| {
                let place = path.strip_prefix('/')?;
                let key = place.strip_suffix("[]").unwrap_or(place);
                keys(&one.spec).contains(&key).then_some(())?;
                record.map(reference)
            };
            samples.schema("", &known)
        }
    };
    if let Some(name) = status_field(samples)
        && !words.is_empty()
    {
        schema["properties"][&name] =
            json!({"type": "string", "enum": words, "description": "A word of success."});
    }
    // Some answers send the request back.
    if samples.field("input").is_some() {
        schema["properties"]["input"] =
            json!({"type": "object", "description": "The request, as it was understood."});
    }
    if let Payload::JsonTextAt(keys) = one.spec.envelope.payload {
        for key in keys.iter().filter(|key| samples.field(key).is_some()) {
            schema["properties"][*key]["contentMediaType"] = json!("application/json");
        }
    }
    if one.spec.envelope.payload == Payload::Xml {
        schema["xml"] = json!({"name": "response"});
    }
    schema
}

fn refused_schema(samples: &Samples, words: &BTreeSet<String>) -> Value {
    let mut schema = samples.schema("", &|_| None);
    if let Some(name) = status_field(samples)
        && !words.is_empty()
        && samples.field(&name).is_some_and(|field| field.texts().is_disjoint(words))
    {
        schema["properties"][&name] = json!({
            "type": "string",
            "not": {"enum": words},
            "description": "A word of failure, such as those of the examples; the list is open.",
        });
    }
    schema
}

/// The texts of refusals, with what they mean and where they come from.
pub(super) fn refusals(group: &[&Operation]) -> Value {
    let mut texts: BTreeMap<String, (String, &'static str, BTreeSet<String>)> = BTreeMap::new();
    for one in group {
        let refused = one.cases.iter().filter(|case| case.about.outcome == Wanted::Refused);
        for (case, text) in refused.filter_map(|case| Some((case, case.about.text.clone()?))) {
            let reason = case.about.reason.clone().unwrap_or_default();
            let entry = texts
                .entry(text)
                .or_insert_with(|| (reason, basis(case.about.basis), BTreeSet::new()));
            if case.about.basis != Basis::Constructed {
                entry.1 = basis(case.about.basis);
            }
            entry.2.insert(case.to_string());
        }
    }
    let refusal = |(text, (reason, basis, cases)): (String, (String, &str, BTreeSet<String>))| json!({"text": text, "reason": reason, "basis": basis, "fixtures": cases});
    texts.into_iter().map(refusal).collect()
}

/// Every text of the service that refuses, and every one that stands without a status word, with `{}` for what the
/// request brought.
pub(super) fn texts(operations: &[Operation]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for one in operations {
        for case in &one.cases {
            let alone = match body(&one.spec, case) {
                Body::Document(document) if word(&document).is_none() => {
                    let name = text_name(&document).map(|at| TEXTS[at]);
                    name.and_then(|name| document[name].as_str()).map(str::to_owned)
                }
                _ => None,
            };
            let said = case.about.text.clone().into_iter().chain(alone);
            all.extend(said.map(|text| template(&text, &sent(case))));
        }
    }
    all.retain(|text| !text.replace("{}", "").trim().is_empty());
    all
}

/// The texts and numbers of a request, longest first.
fn sent(case: &Case) -> Vec<String> {
    let request = &case.request;
    let json = request.json.iter().filter_map(Value::as_object).flatten().map(|(_, value)| value);
    let single = json.filter(|value| value.is_string() || value.is_number());
    let texts = single.map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
    let fields = request.query.values().chain(request.form.iter().flat_map(BTreeMap::values));
    let mut all: Vec<String> =
        texts.chain(fields.cloned()).filter(|text| !text.is_empty()).collect();
    all.sort_by_key(|text| (std::cmp::Reverse(text.len()), text.clone()));
    all
}

/// The text with holes for what the request brought, and for numbers.
fn template(text: &str, sent: &[String]) -> String {
    let text = sent.iter().fold(text.to_owned(), |text, value| text.replace(value, "{}"));
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '0'..='9' if out.ends_with("{}") => {}
            '0'..='9' => out.push_str("{}"),
            other => out.push(other),
        }
    }
    out
}
