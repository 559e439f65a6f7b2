//! The session itself.

use axum::Json;

use super::super::signed_in::SessionView;
use crate::store::sessions::Session;

/// The session that the request rests on.
#[utoipa::path(
    get,
    path = "/api/session",
    tag = "session",
    extensions(("x-allow" = json!("self"))),
    responses((status = 200, description = "The session", body = SessionView)),
)]
pub(crate) async fn show(session: Session) -> Json<SessionView> {
    let id = session.id.clone();
    Json(SessionView::new(session, &id))
}
