//! Assign leads.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::types::AgentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::Body;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::people::sign_in::RequestOrigin;
use crate::problem::Problem;
use crate::store::audit::AuditRow;
use crate::store::{Audience, NewEvent};

/// How many leads are assigned at once.
const MOST: usize = 1_000;

/// Which leads, and whose they are to be.
#[derive(Deserialize, ToSchema)]
pub(super) struct Assignment {
    /// The leads' ids.
    leads: Vec<String>,
    /// The agent; everyone's if there is none.
    #[serde(default)]
    agent: Option<String>,
}

/// How many were assigned.
#[derive(Serialize, ToSchema)]
pub(super) struct Assigned {
    /// How many leads of these ids there are that no one has, or an agent of the team.
    assigned: u64,
}

/// Assigns leads to an agent of the team, or to everyone: leads that no one has, and those of the team. Each is in the
/// audit.
#[utoipa::path(
    post,
    path = "/api/leads/assign",
    tag = "work",
    extensions(("x-allow" = json!("supervisor:team"))),
    request_body = Assignment,
    responses(
        (status = 200, description = "Assigned", body = Assigned),
        (status = 404, description = "There is no such agent in the team"),
    ),
)]
pub(super) async fn assign(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Body(body): Body<Assignment>,
) -> Result<Json<Assigned>, Problem> {
    if body.leads.is_empty() || body.leads.len() > MOST {
        return Err(Problem::field("leads", format!("has to have from 1 to {MOST} ids")));
    }
    let agent = body.agent.filter(|agent| !agent.trim().is_empty());
    let agent = agent.map(|agent| AgentId::from(agent.trim()));
    if agent.as_ref().is_some_and(|agent| !caller.may_act_for(agent)) {
        return Err(no_such("agent"));
    }
    let now = desk.people().now();
    let ids: BTreeSet<_> = body.leads.iter().map(|id| lead_id(id).to_owned()).collect();
    let events = vec![NewEvent::new("worklist.changed", Audience::Everyone, &ids.len())?];
    let store = desk.store();
    let found = store.assign_leads(&caller.scope, ids, agent.clone(), now, events).await?;
    let row = |id: &String| {
        AuditRow::new(now, &caller, "lead.assign", format!("lead:{id}"))
            .about(agent.as_ref())
            .in_request(from.request.clone())
    };
    store.append_audit(found.iter().map(row).collect()).await?;
    Ok(Json(Assigned { assigned: found.len() as u64 }))
}

/// A lead's id, also as the worklist writes it.
fn lead_id(id: &str) -> &str {
    id.strip_prefix("lead:").unwrap_or(id)
}
