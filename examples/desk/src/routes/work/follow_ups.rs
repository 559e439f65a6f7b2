//! What someone has promised to do: list and add.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FollowUpView, MOST};
use crate::access::acting_agent;
use crate::body::Body;
use crate::core::caller::{Caller, Scope};
use crate::core::followup::{FollowUp, FollowUpState};
use crate::desk::Desk;
use crate::flow::working::add_follow_up;
use crate::people::token::new_id;
use crate::problem::Problem;

/// Follow-ups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowUps {
    /// The open ones, the first due first.
    follow_ups: Vec<FollowUpView>,
}

/// Open follow-ups, the first due first: an agent's own, a supervisor's team's.
#[utoipa::path(
    get,
    path = "/api/follow-ups",
    tag = "work",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The follow-ups", body = FollowUps)),
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<FollowUps>, Problem> {
    Ok(Json(FollowUps { follow_ups: all(&desk, &caller.scope).await? }))
}

/// The open ones of a scope, as they are sent out.
pub(super) async fn all(desk: &Desk, scope: &Scope) -> Result<Vec<FollowUpView>, Problem> {
    let mut follow_ups = Vec::new();
    for found in desk.store().open_follow_ups(scope, MOST).await? {
        follow_ups.push(FollowUpView::of(desk, found.record, true).await?);
    }
    Ok(follow_ups)
}

/// A follow-up to add.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewFollowUp {
    /// When it is due, in milliseconds since 1970.
    due_at: i64,
    /// Whom to call.
    #[serde(default)]
    #[schema(example = "9000000001")]
    number: Option<String>,
    /// What for.
    #[serde(default)]
    text: String,
    /// The call that it comes from.
    #[serde(default)]
    call: Option<String>,
    /// Whose it is; the caller's own agent if it is not said.
    #[serde(default)]
    agent: Option<String>,
}

/// Adds a follow-up.
#[utoipa::path(
    post,
    path = "/api/follow-ups",
    tag = "work",
    extensions(("x-allow" = json!("agent:own"))),
    request_body = NewFollowUp,
    responses((status = 201, description = "Added", body = FollowUpView)),
)]
pub(super) async fn add(
    State(desk): State<Desk>,
    caller: Caller,
    Body(body): Body<NewFollowUp>,
) -> Result<(StatusCode, Json<FollowUpView>), Problem> {
    let agent = acting_agent(&desk, &caller, body.agent.map(|agent| agent.as_str().into()))?;
    let now = desk.people().now();
    if body.due_at < now {
        return Err(Problem::field("dueAt", "is in the past"));
    }
    if body.text.len() > 2_000 {
        return Err(Problem::field("text", "has more than 2,000 bytes"));
    }
    let number = body.number.filter(|number| !number.trim().is_empty());
    let number = number.map(|number| PhoneNumber::from(number.trim()));
    if number.as_ref().is_some_and(|number| number.key().is_none()) {
        return Err(Problem::field("number", "is not a telephone number"));
    }
    let lead = match &number {
        Some(number) => desk.store().lead_of_number(number).await?.map(|lead| lead.id),
        None => None,
    };
    let follow_up = FollowUp {
        id: new_id(),
        agent: agent.as_str().to_owned(),
        number,
        lead,
        due_ms: body.due_at,
        note: body.text,
        call: body.call,
        state: FollowUpState::Open,
        changed_ms: now,
    };
    add_follow_up(&desk, follow_up.clone()).await?;
    Ok((StatusCode::CREATED, Json(FollowUpView::of(&desk, follow_up, true).await?)))
}
