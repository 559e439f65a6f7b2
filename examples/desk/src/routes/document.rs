//! What there is to ask: the OpenAPI document, and a page made of it.

mod page;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::rule::Rule;
use crate::desk::Desk;
use crate::problem::{Document, FieldError};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(openapi)).routes(routes!(reference))
}

/// What the document says in addition to what the routes say.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "The desk",
        description = "The backend of an agent's desk on the Ozonetel CloudAgent platform. Browsers sign in (`POST \
                       /api/session`) and have a cookie; programs send `Authorization: Bearer` with a token of an \
                       administrator's making. `x-allow` of a route says who may ask. A page that has to act as no one but \
                       the user it is of sends that user's id (`id` of `GET /api/me`) as the header `desk-user`: \
                       where the cookie is another user's by then, the request is 401 with the `reason` \
                       `other_user`, and nothing is done. Whatever is not a success is a \
                       problem document (RFC 9457). Times are milliseconds since 1970.",
        license(name = "MIT OR Apache-2.0"),
    ),
    components(schemas(Document<'_>, FieldError)),
    tags(
        (name = "session", description = "Who is signed in"),
        (name = "front ends", description = "The routes that existing front ends call"),
        (name = "admin", description = "Users, links to agents, teams, tokens, audit"),
        (name = "desk", description = "The desk itself"),
    ),
)]
pub(crate) struct Base;

/// Schemas of answers that leave out what is not known; all others say `null`.
const SPARING: [&str; 4] = ["Called", "Controlled", "PartHealth", "Problem"];

/// The whole document: each route with the answer for what goes wrong, and with what it asks for.
pub(crate) fn complete(openapi: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(openapi).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": "desk_session",
            "description": "Signed in by POST /api/session. Over HTTPS its name is __Host-desk_session.",
        },
        "token": {"type": "http", "scheme": "bearer"},
    });
    let problem = json!({
        "description": "What went wrong",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    for (path, item) in object(&mut document["paths"]) {
        for (method, operation) in object(item) {
            operation["operationId"] = operation_id(method, path).into();
            let rule = operation["x-allow"].as_str().and_then(|word| word.parse::<Rule>().ok());
            let open = rule.is_some_and(Rule::is_open);
            operation["security"] =
                if open { json!([]) } else { json!([{"session": []}, {"token": []}]) };
            for (status, answer) in object(&mut operation["responses"]) {
                if !status.starts_with(['2', '3']) && answer["content"].is_null() {
                    answer["content"] = problem["content"].clone();
                }
            }
            operation["responses"]["default"] = problem.clone();
        }
    }
    say_that_answers_are_whole(&mut document);
    document
}

/// `get` and `/api/dials/{key}` as `getDialsByKey`: no two operations have one id, as the names of handlers would.
fn operation_id(method: &str, path: &str) -> String {
    let mut id = method.to_owned();
    for part in path.trim_start_matches("/api").split('/').filter(|part| !part.is_empty()) {
        let name = part.trim_matches(['{', '}']);
        if name != part {
            id.push_str("By");
        }
        for word in name.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            id.extend(word.chars().take(1).map(|first| first.to_ascii_uppercase()));
            id.extend(word.chars().skip(1));
        }
    }
    id
}

/// An answer has all its fields, and `null` where nothing is known: what derives the schemas cannot know that.
fn say_that_answers_are_whole(document: &mut Value) {
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for operation in document["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| {
        item.as_object().into_iter().flatten().map(|(_, operation)| operation)
    }) {
        named(&operation["requestBody"], document, &mut asked);
        named(&operation["responses"], document, &mut answered);
    }
    for (name, schema) in object(&mut document["components"]["schemas"]) {
        let is_answer = answered.contains(name) && !asked.contains(name);
        if is_answer && !SPARING.contains(&name.as_str()) {
            require_all(schema);
        }
    }
}

/// Requires every field of a schema and of what it is put together from.
fn require_all(schema: &mut Value) {
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(require_all);
    let names = schema["properties"].as_object().into_iter().flatten();
    let names: Vec<_> = names.map(|(name, _)| name.clone()).collect();
    if !names.is_empty() {
        schema["required"] = json!(names);
    }
}

/// The schemas that a part of the document names, and those that they name.
fn named(part: &Value, document: &Value, found: &mut BTreeSet<String>) {
    if let Some(name) = part["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        if found.insert(name.to_owned()) {
            named(&document["components"]["schemas"][name], document, found);
        }
        return;
    }
    match part {
        Value::Object(fields) => fields.values().for_each(|one| named(one, document, found)),
        Value::Array(items) => items.iter().for_each(|one| named(one, document, found)),
        _ => {}
    }
}

fn object(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

/// The document and the page, as they are sent.
#[derive(Debug)]
pub(crate) struct Served {
    json: Bytes,
    page: Bytes,
}

impl Served {
    pub(crate) fn new(document: &Value) -> Arc<Self> {
        let json = document.to_string().into();
        Arc::new(Self { json, page: page::html(document).into() })
    }
}

/// The OpenAPI document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "desk",
    extensions(("x-allow" = json!("any"))),
    responses((status = 200, description = "The document", body = Object)),
)]
async fn openapi(Extension(served): Extension<Arc<Served>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], served.json.clone()).into_response()
}

/// The same as a page to read.
#[utoipa::path(
    get,
    path = "/docs",
    tag = "desk",
    extensions(("x-allow" = json!("any"))),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")),
)]
async fn reference(Extension(served): Extension<Arc<Served>>) -> Response {
    // There is no script in it, and none may be put in.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(served.page.clone())).into_response()
}
