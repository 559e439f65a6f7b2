//! One's own sessions.

use axum::Json;
use axum::extract::State;

use super::super::signed_in::SessionView;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::sessions::Session;

/// The sessions of who is signed in, newest first.
#[utoipa::path(
    get,
    path = "/api/me/sessions",
    tag = "session",
    extensions(("x-allow" = json!("self"))),
    responses((status = 200, description = "The sessions", body = Vec<SessionView>)),
)]
pub(crate) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    session: Session,
) -> Result<Json<Vec<SessionView>>, Problem> {
    let (now, people) = (desk.people().now(), desk.people());
    let sessions = desk.store().sessions_of(&caller.id, now, people.idle_since(now)).await?;
    Ok(Json(sessions.into_iter().map(|one| SessionView::new(one, &session.id)).collect()))
}
