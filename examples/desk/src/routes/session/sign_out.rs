//! Sign out.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::flow::agent_state;
use crate::people::cookie;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::store::sessions::Session;

/// Signs out: ends the session that the request rests on.
#[utoipa::path(
    delete,
    path = "/api/session",
    tag = "session",
    extensions(("x-allow" = json!("self"))),
    responses((status = 204, description = "Signed out")),
)]
pub(crate) async fn sign_out(
    State(desk): State<Desk>,
    caller: Caller,
    session: Session,
    from: RequestOrigin,
) -> Result<Response, Problem> {
    let people = desk.people();
    let target = format!("session:{}", session.id);
    let row = AuditRow::new(people.now(), &caller, "session.end", target).in_request(from.request);
    desk.store().end_session(&caller.id, &session.id, row).await?;
    people.changed();
    agent_state::signed_out(&desk, &caller.id).await?;
    let mut headers = HeaderMap::new();
    if let Some(cookie) = cookie::clear_session(people.settings().address.is_secure()) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
