//! The router: routes, and what holds for all of them.

use std::any::Any;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, http::Request};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::body::LARGEST;
use crate::desk::Desk;
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
    Router::new()
        .route("/healthz", get(healthz))
        .nest("/api/ozonetel", routes::router())
        .fallback(nowhere)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(CatchPanicLayer::custom(panicked))
        // The path only: queries may hold what does not belong in a log.
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request<_>| {
            tracing::info_span!("request", method = %request.method(), path = request.uri().path())
        }))
        .with_state(desk)
}

async fn healthz() -> Json<Value> {
    Json(json!({"status": "ok"}))
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
