//! An agent's figures of a day.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ozonetel_sdk::types::AgentId;
use serde::Deserialize;

use crate::access::acting_agent;
use crate::body::{Params, given};
use crate::core::caller::Caller;
use crate::core::figures::{Performance, utilization};
use crate::desk::Desk;

use crate::problem::Problem;
use crate::reporting::breakdown;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PerformanceQuery {
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
}

/// An agent's figures of a day.
#[utoipa::path(
    get,
    path = "/api/ozonetel/performance",
    tag = "front ends",
    params(
        ("date" = Option<String>, Query, description = "The day, YYYY-MM-DD; today if it is not said"),
        ("agentId" = Option<String>, Query, description = "The agent; the caller's own if it is not said"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The figures", body = Performance)),
)]
pub(super) async fn performance(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<PerformanceQuery>,
) -> Result<Response, Problem> {
    let day = super::day(&desk, query.date.as_deref())?;
    let agent = acting_agent(&desk, &caller, given(query.agent_id.as_deref()).map(AgentId::from))?;
    let tasks = desk.tasks().clone();
    let work = async move {
        desk.records().day(day).await?;
        let agents = std::slice::from_ref(&agent);
        let found = breakdown(&desk, day, day, Some(agents)).await?;
        // Today is not filed yet, and neither is a day that the desk has not come to.
        let filed = desk.records().store().summary(day, day).await?.remove(&day);
        let time = match filed.filter(|_| day != desk.client().today()) {
            Some(filed) => utilization(Some(agents), &filed),
            None => utilization(Some(agents), &*desk.reports().summary(day).await?),
        };
        let mut figures = Performance::of(day, found.total, time);
        if day == desk.client().today() {
            // The service's own figure covers the last two hours of outbound calls; other days are counted from rows.
            figures.avg_handling_time = desk.reports().handling(&agent).await?.unwrap_or_default();
        }
        Ok((figures, found.unread))
    };
    let (figures, left_out) = tasks.run(TaskKind::Read, work).await?;
    Ok((super::unreadable::unreadable(left_out), Json(figures)).into_response())
}
