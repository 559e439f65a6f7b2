//! Whether the process runs. It asks nothing of the store or the service: `/readyz` does.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The process runs.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    /// `ok`.
    status: &'static str,
}

/// Whether the process runs.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "live",
    extensions(("x-allow" = json!("set-up"))),
    responses((status = 200, description = "It runs", body = Alive)),
)]
pub(super) async fn healthz() -> Json<Alive> {
    Json(Alive { status: "ok" })
}
