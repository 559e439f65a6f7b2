//! What there is to ask: the OpenAPI document, and a page made of it.

mod page;

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
                       administrator's making. `x-allow` of a route says who may ask. Whatever is not a success is a \
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
    for (_, item) in object(&mut document["paths"]) {
        for (_, operation) in object(item) {
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
    document
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
