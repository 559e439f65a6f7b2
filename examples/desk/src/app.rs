//! The router: routes, and what holds for all of them.

use std::any::Any;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::trace::TraceLayer;
use uuid::Uuid;

use crate::body::LARGEST;
use crate::desk::Desk;
use crate::ops::metrics::{HTTP_REQUESTS, HTTP_SECONDS, label};
use crate::problem::{Kind, Problem};
use crate::routes;

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
/// let settings = Settings { agent: Some("agent01".into()), ..Settings::default() };
/// let desk = app(Desk::new(sim.client(), settings, Arc::new(Memory::new())));
/// let request = http::Request::get("/api/ozonetel/performance").body(axum::body::Body::empty())?;
/// assert_eq!(desk.oneshot(request).await?.status(), 200);
/// # Ok(()) }
/// # tokio::runtime::Runtime::new()?.block_on(run())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn app(desk: Desk) -> Router {
    let (live, _document) = routes::live::router().split_for_parts();
    Router::new()
        .merge(live)
        .nest("/api/ozonetel", routes::router())
        .fallback(nowhere)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(desk.clone(), refuse_when_stopping))
        .layer(from_fn_with_state(desk.clone(), measure))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, NewRequestId))
        // What a client says is not an id of ours, and does not belong in a log.
        .layer(MapRequestLayer::new(|mut request: Request| {
            request.headers_mut().remove(REQUEST_ID);
            request
        }))
        .with_state(desk)
}

/// The header that a request's id is in, of an answer too.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Ids that rise with time.
#[derive(Clone, Copy)]
struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &http::Request<B>) -> Option<RequestId> {
        let id = Uuid::now_v7().simple().to_string();
        id.parse().ok().map(RequestId::new)
    }
}

/// The route, not the path: a path may hold what does not belong in a log.
fn span<B>(request: &http::Request<B>) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let id = request.extensions().get::<RequestId>();
    let id = id.and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), route)
}

/// Counts the request, and how long it took until the head of its answer.
async fn measure(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = match request.method() {
        known
        @ (&Method::GET | &Method::POST | &Method::PUT | &Method::DELETE | &Method::PATCH) => {
            known.as_str().to_owned()
        }
        _ => "other".to_owned(),
    };
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("-", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let labels = |more: Option<&str>| {
        let known = [label("method", &method), label("route", &route)];
        known.into_iter().chain(more.map(|status| label("status", status))).collect()
    };
    desk.metrics().count(HTTP_REQUESTS, labels(Some(response.status().as_str())));
    desk.metrics().time(HTTP_SECONDS, labels(None), begun.elapsed());
    response
}

/// Once the desk is stopping, it takes no new command; what is asked only is still answered.
async fn refuse_when_stopping(
    State(desk): State<Desk>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if desk.life().is_stopping() && !asks {
        return Err(Problem::new(Kind::Busy, "the desk is stopping; nothing was done"));
    }
    Ok(next.run(request).await)
}

async fn nowhere() -> Problem {
    Problem::new(Kind::NotFound, "there is no such route")
}

async fn other_method() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "the route has another method")
}

/// What a handler was doing when it panicked is not known: its work runs in a task and continues.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(Kind::Internal, "the desk failed").into_response()
}
