//! Whether the process runs. It asks nothing of the store or the service: `/readyz` does.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Desk;

/// The process runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// `ok`.
    status: &'static str,
    /// There are made-up users, for whom the page says how to sign in; absent where there are none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    demo: bool,
}

/// Whether the process runs.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "live",
    extensions(("x-allow" = json!("set-up"))),
    responses((status = 200, description = "It runs", body = Alive)),
)]
pub(super) async fn healthz(State(desk): State<Desk>) -> Json<Alive> {
    Json(Alive { status: "ok", demo: desk.settings().customers.demo.is_some() })
}
