//! Move a follow-up, or close it.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::FollowUpView;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::core::followup::{FollowUpError, FollowUpState};
use crate::desk::Desk;
use crate::flow::working::change_follow_up;
use crate::problem::{Kind, Problem};

/// What changes; what is not said stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangedFollowUp {
    /// Another time, in milliseconds since 1970.
    #[serde(default)]
    due_at: Option<i64>,
    /// It is done.
    #[serde(default)]
    done: bool,
    /// It is no longer wanted.
    #[serde(default)]
    cancelled: bool,
}

/// Moves a follow-up to another time, or closes it. Closing it the same way again changes nothing.
#[utoipa::path(
    patch,
    path = "/api/follow-ups/{id}",
    tag = "work",
    params(("id" = String, Path, description = "The follow-up's id")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = ChangedFollowUp,
    responses(
        (status = 200, description = "Changed", body = FollowUpView),
        (status = 404, description = "There is no such follow-up"),
        (status = 409, description = "It is closed"),
    ),
)]
pub(super) async fn change(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<ChangedFollowUp>,
) -> Result<Json<FollowUpView>, Problem> {
    let (done, cancelled) = (body.done, body.cancelled);
    if done && cancelled {
        return Err(Problem::field("cancelled", "is said beside done"));
    }
    let now = desk.people().now();
    let change = change_follow_up(&desk, &caller.scope, &id, |follow_up| {
        let moved = body.due_at.map_or(Ok(()), |due| follow_up.postpone(due, now));
        let ended = match (done, cancelled) {
            (true, _) => moved.and_then(|()| follow_up.end(FollowUpState::Done, now)),
            (_, true) => moved.and_then(|()| follow_up.end(FollowUpState::Cancelled, now)),
            _ => moved,
        };
        ended.map_err(|error| match error {
            FollowUpError::Closed => Problem::new(Kind::Conflict, "it is closed already"),
            FollowUpError::Past => Problem::field("dueAt", "is in the past"),
        })
    });
    let follow_up = change.await?;
    Ok(Json(FollowUpView::of(&desk, follow_up).await?))
}
