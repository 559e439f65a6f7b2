//! What someone has promised to do: list and add.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode};
use ozonetel_sdk::types::{AgentId, PhoneNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FollowUpView, MOST};
use crate::access::acting_agent;
use crate::body::{Body, Params};
use crate::core::caller::{Caller, Scope, agent_key};
use crate::core::followup::{FollowUp, FollowUpKey, FollowUpState};
use crate::desk::Desk;
use crate::flow::listed_leads::{known_leads_of, leads_of};
use crate::flow::working::{add_follow_up, busy, follow_up_of_key};
use crate::people::token::new_id;
use crate::problem::Problem;
use crate::routes::calls::IdempotencyKey;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Follow-ups.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowUpPage {
    /// The open ones, the first due first, at most 500.
    follow_ups: Vec<FollowUpView>,
    /// Whether there are more.
    more: bool,
    /// Whether the platform could not be asked for all leads: names may be missing.
    leads_missing: bool,
    /// What to send as `cursor` for the next page; none if this is the last.
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FollowUpQuery {
    cursor: Option<String>,
}

/// Open follow-ups, the first due first: an agent's own, a supervisor's team's.
#[utoipa::path(
    get,
    path = "/api/follow-ups",
    tag = "work",
    params(("cursor" = Option<String>, Query, description = "Where the page before ended")),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The follow-ups", body = FollowUpPage)),
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<FollowUpQuery>,
) -> Result<Json<FollowUpPage>, Problem> {
    let after = query.cursor.as_deref().map(place).transpose()?;
    Ok(Json(page(&desk, &caller.scope, after).await?))
}

/// The first page of a scope, in a snapshot of everything.
pub(super) async fn first(desk: &Desk, scope: &Scope) -> Result<Vec<FollowUpView>, Problem> {
    Ok(page(desk, scope, None).await?.follow_ups)
}

async fn page(
    desk: &Desk,
    scope: &Scope,
    after: Option<(i64, String)>,
) -> Result<FollowUpPage, Problem> {
    let mut found = desk.store().open_follow_ups(scope, after, MOST + 1).await?;
    let more = found.len() > MOST as usize;
    found.truncate(MOST as usize);
    let last = found.last().filter(|_| more);
    let cursor = last.map(|last| format!("{}-{}", last.record.due_ms, last.record.id));
    let numbers: Vec<_> = found.iter().filter_map(|one| one.record.number.clone()).collect();
    let leads = leads_of(desk, &numbers).await?;
    let follow_ups =
        found.into_iter().map(|one| FollowUpView::with_lead(one.record, true, &leads)).collect();
    Ok(FollowUpPage { follow_ups, more, leads_missing: leads.missing, cursor })
}

fn place(text: &str) -> Result<(i64, String), Problem> {
    let parts = text.split_once('-').and_then(|(due, id)| Some((due.parse().ok()?, id.to_owned())));
    parts.ok_or_else(|| Problem::field("cursor", "is not one that a page ended with"))
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

/// Adds a follow-up. With the same `Idempotency-Key` and body the one that was made first is given again, as it is now; a
/// key is known for as long as its follow-up is kept.
#[utoipa::path(
    post,
    path = "/api/follow-ups",
    tag = "work",
    params(("Idempotency-Key" = Option<String>, Header, description = "One key for one wish to add")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = NewFollowUp,
    responses(
        (status = 200, description = "The same was added before", body = FollowUpView),
        (status = 201, description = "Added", body = FollowUpView),
        (status = 422, description = "The key was used for something else"),
    ),
)]
pub(super) async fn add(
    State(desk): State<Desk>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<NewFollowUp>,
) -> Result<Response, Problem> {
    let key = key.0?;
    let named = body.agent.as_deref().map(AgentId::from);
    let agent = acting_agent(&desk, &caller, named)?;
    let key = key.map(|key| {
        let asked = (agent_key(&agent), body.due_at, &body.number, &body.text, &body.call);
        FollowUpKey::new(&caller.id, &key, &asked)
    });
    // Before anything else: what was in the future then may be past by now.
    if let Some(known) = known(&desk, &caller, key.as_ref()).await? {
        return Ok(known);
    }
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
    let leads = known_leads_of(&desk, number.as_slice()).await?;
    let lead = number.as_ref().and_then(|number| leads.of(number)).map(|lead| lead.id.clone());
    let follow_up = FollowUp {
        id: key.as_ref().map_or_else(new_id, |key| key.id.clone()),
        agent: agent.as_str().to_owned(),
        number,
        lead,
        due_ms: body.due_at,
        note: body.text,
        call: body.call,
        state: FollowUpState::Open,
        changed_ms: now,
        asked: key.as_ref().map(|key| key.asked.clone()),
    };
    if !add_follow_up(&desk, follow_up.clone()).await? {
        // The same request was faster.
        return known(&desk, &caller, key.as_ref()).await?.ok_or_else(busy);
    }
    let view = FollowUpView::of(&desk, follow_up).await?;
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// What is answered where a follow-up was made under the key before.
async fn known(
    desk: &Desk,
    caller: &Caller,
    key: Option<&FollowUpKey>,
) -> Result<Option<Response>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let Some(known) = follow_up_of_key(desk, &caller.scope, key).await? else { return Ok(None) };
    let view = FollowUpView::of(desk, known).await?;
    Ok(Some(([(REPLAYED, "true")], Json(view)).into_response()))
}
