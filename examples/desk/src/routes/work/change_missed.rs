//! Take a missed call, give it back, close it.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::types::AgentId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::MissedView;
use crate::access::acting_agent;
use crate::body::Body;
use crate::core::caller::{Caller, Role};
use crate::core::missed::MissedNumber;
use crate::desk::Desk;
use crate::flow::auditing::append;
use crate::flow::working::change_missed;
use crate::problem::{Kind, Problem};
use crate::routes::calls::audit_row;

/// Who takes it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClaimBody {
    /// The agent; the caller's own if it is not said.
    #[serde(default)]
    agent: Option<String>,
}

/// Takes a missed call for ten minutes, or for ten more: others see who has it, and their calls to it are refused.
#[utoipa::path(
    post,
    path = "/api/missed/{id}/claim",
    tag = "work",
    params(("id" = String, Path, description = "The entry's id")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = ClaimBody,
    responses(
        (status = 200, description = "Taken", body = MissedView),
        (status = 404, description = "There is no such missed call"),
        (status = 409, description = "Someone else has it, or it is closed"),
    ),
)]
pub(super) async fn claim(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<ClaimBody>,
) -> Result<Json<MissedView>, Problem> {
    let agent = acting_agent(&desk, &caller, body.agent.map(|agent| agent.as_str().into()))?;
    let now = desk.people().now();
    let claim = change_missed(&desk, &id, |missed| {
        if !missed.is_open() {
            return Err(Problem::new(Kind::Conflict, "someone has called back already"));
        }
        missed.claim(agent.as_str(), now).map_err(|other| taken(&other.agent))
    });
    let (missed, ()) = claim.await?;
    audit(&desk, &caller, "missed.claim", &missed, Some(&agent)).await;
    Ok(Json(MissedView::of(&desk, missed).await?))
}

/// Gives a missed call back.
#[utoipa::path(
    post,
    path = "/api/missed/{id}/release",
    tag = "work",
    params(("id" = String, Path, description = "The entry's id")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = ClaimBody,
    responses(
        (status = 200, description = "Given back, or never the agent's", body = MissedView),
        (status = 404, description = "There is no such missed call"),
    ),
)]
pub(super) async fn release(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<ClaimBody>,
) -> Result<Json<MissedView>, Problem> {
    let agent = acting_agent(&desk, &caller, body.agent.map(|agent| agent.as_str().into()))?;
    let (missed, had) =
        change_missed(&desk, &id, |missed| Ok(missed.release(agent.as_str()))).await?;
    if had {
        audit(&desk, &caller, "missed.release", &missed, Some(&agent)).await;
    }
    Ok(Json(MissedView::of(&desk, missed).await?))
}

/// Why it is closed.
#[derive(Deserialize, ToSchema)]
pub(super) struct CloseBody {
    /// Why nobody has to call back.
    #[schema(example = "spoke to them in person")]
    reason: String,
}

/// Closes a missed call by hand. A later missed call of the number opens it again. What another agent has taken is
/// closed by that one, or by a supervisor.
#[utoipa::path(
    post,
    path = "/api/missed/{id}/close",
    tag = "work",
    params(("id" = String, Path, description = "The entry's id")),
    extensions(("x-allow" = json!("agent:own"))),
    request_body = CloseBody,
    responses(
        (status = 200, description = "Closed", body = MissedView),
        (status = 404, description = "There is no such missed call"),
        (status = 409, description = "Someone else has it"),
    ),
)]
pub(super) async fn close(
    State(desk): State<Desk>,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body<CloseBody>,
) -> Result<Json<MissedView>, Problem> {
    let reason = body.reason.trim().to_owned();
    if reason.is_empty() || reason.len() > 500 {
        return Err(Problem::field("reason", "has to have from 1 to 500 bytes"));
    }
    let now = desk.people().now();
    let close = change_missed(&desk, &id, |missed| {
        let holder = missed.claimed_by(now).map(AgentId::from);
        let is_own = |holder: &AgentId| caller.own.iter().any(|own| own.is_same_agent(holder));
        if let Some(other) = holder.filter(|holder| caller.role == Role::Agent && !is_own(holder)) {
            return Err(taken(other.as_str()));
        }
        // The service's clock may be ahead of this one.
        missed.close(&caller.id, &reason, now.max(missed.last_ms));
        Ok(())
    });
    let (missed, ()) = close.await?;
    audit(&desk, &caller, "missed.close", &missed, caller.own.first()).await;
    Ok(Json(MissedView::of(&desk, missed).await?))
}

fn taken(by: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("{by} has taken it")).because("claimed")
}

/// Who has done what, about the last of the number's calls.
async fn audit(
    desk: &Desk,
    caller: &Caller,
    action: &str,
    missed: &MissedNumber,
    agent: Option<&AgentId>,
) {
    let call = missed.calls.last().map_or("", String::as_str);
    append(desk, audit_row(desk, caller, action, call, agent)).await;
}
