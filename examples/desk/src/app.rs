//! The router: routes, and what holds for all of them.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::time::Instant;
use tower::util::option_layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::classify::ServerErrorsFailureClass;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::trace::TraceLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

use crate::access::table::{RouteError, RouteTable};
use crate::access::{Gate, enforce};
use crate::body::LARGEST;
use crate::desk::Desk;
use crate::ops::trace;
use crate::page;
use crate::problem::{Kind, Problem, RequestId, in_request};
use crate::routes::document::{Base, Served, complete};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole desk as a router. Every answer that is not a success is a problem document.
///
/// ```
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use desk::{Desk, Settings, app, store::Memory};
/// use tower::ServiceExt as _;
///
/// let sim = ozonetel_sim::Sim::start();
/// let desk = app(Desk::new(sim.client(), Settings::default(), Arc::new(Memory::new())))?;
/// let request = http::Request::get("/api/me").body(axum::body::Body::empty())?;
/// assert_eq!(desk.oneshot(request).await?.status(), 401);
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A route does not say who may ask.
pub fn app(desk: Desk) -> Result<Router, RouteError> {
    let (router, openapi) = all(desk.assist().settings().is_on()).split_for_parts();
    let document = complete(&openapi);
    let gate = Gate::new(&desk, RouteTable::of(&document)?);
    let origins = desk.people().settings().origins.clone();
    Ok(router
        .fallback(nowhere)
        .method_not_allowed_fallback(other_method)
        // From the outermost in, and as one layer: each layer of a router's is another box for each request.
        .layer((
            from_fn_with_state(desk.clone(), identify),
            TraceLayer::new_for_http().make_span_with(span).on_failure(failed),
            // Without listed origins no page of another one may do anything, and there is nothing to say.
            option_layer((!origins.is_empty()).then(|| cors(origins))),
            from_fn_with_state(gate, enforce),
            CatchPanicLayer::custom(panicked),
            DefaultBodyLimit::max(LARGEST),
            Extension(Served::new(&document)),
            Extension(Methods::of(&document)),
        ))
        .with_state(desk))
}

/// The OpenAPI document of all routes, those of live assist included.
pub fn openapi() -> Value {
    complete(&all(true).into_openapi())
}

fn all(with_assist: bool) -> OpenApiRouter<Desk> {
    OpenApiRouter::with_openapi(Base::openapi()).merge(crate::routes::router(with_assist))
}

/// Pages of the listed origins may send requests with a token. Cookies stay with this desk's own pages.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    let exposed = [
        "x-request-id",
        "desk-dial",
        "desk-unreadable-rows",
        "desk-read-at",
        "idempotent-replayed",
        "location",
        "retry-after",
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("desk-user"),
        ])
        .expose_headers(exposed.map(HeaderName::from_static))
}

/// The route, not the path: a path may hold what does not belong in a log.
fn span<B>(request: &http::Request<B>) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let id = request.extensions().get::<RequestId>().map_or("", RequestId::as_str);
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    trace::adopt(&span, request.headers());
    span
}

/// Gives a request its id, which its answer, its problem document, the log and the audit name, and measures it.
async fn identify(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new();
    request.extensions_mut().insert(id.clone());
    let mut response = in_request(id.clone(), measure(&desk, request, next)).await;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Counts the request, and how long it took until the head of its answer.
async fn measure(desk: &Desk, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = match *request.method() {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        _ => "other",
    };
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    desk.metrics().answered(method, route, response.status().as_u16(), begun.elapsed());
    response
}

/// What no route is for: the page, or nothing.
async fn nowhere(request: Request) -> Response {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    match page::serve(method, uri.path(), headers) {
        Some(response) => response,
        None => Problem::new(Kind::NotFound, "there is no such route").into_response(),
    }
}

/// The methods of each route, by its path.
#[derive(Debug, Clone)]
struct Methods(Arc<BTreeMap<String, String>>);

impl Methods {
    fn of(document: &Value) -> Self {
        let known = ["get", "post", "put", "patch", "delete"];
        let of_path = |item: &Value| {
            let has = known.iter().filter(|method| !item[**method].is_null());
            has.map(|method| method.to_ascii_uppercase()).collect::<Vec<_>>().join(", ")
        };
        let paths = document["paths"].as_object().into_iter().flatten();
        Self(Arc::new(paths.map(|(path, item)| (path.clone(), of_path(item))).collect()))
    }
}

/// A request with a method that its route does not have is told those that it has.
async fn other_method(
    Extension(methods): Extension<Methods>,
    path: Option<MatchedPath>,
) -> Problem {
    let has = path.and_then(|path| methods.0.get(path.as_str()).cloned()).unwrap_or_default();
    let has = if has.is_empty() { has } else { format!(": {has}") };
    Problem::new(Kind::MethodNotAllowed, format!("the route has another method{has}"))
}

/// Logs an answer that is the desk's fault. That the outcome of a change is not known is one that is meant.
fn failed(class: ServerErrorsFailureClass, latency: Duration, _: &tracing::Span) {
    let ms = latency.as_millis();
    match class {
        ServerErrorsFailureClass::StatusCode(StatusCode::GATEWAY_TIMEOUT) => {
            tracing::warn!(ms, "answered 504: it may have happened");
        }
        class => tracing::error!(%class, ms, "the answer is a failure"),
    }
}

/// What a handler was doing when it panicked is not known: its work goes on in a task.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(Kind::Internal, "the desk failed").into_response()
}
