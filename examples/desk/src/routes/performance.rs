//! An agent's figures of a day.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ozonetel_sdk::types::AgentId;
use serde::Deserialize;

use crate::body::{Params, given};
use crate::desk::Desk;
use crate::performance::figures;
use crate::problem::Problem;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PerformanceQuery {
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
}

pub(super) async fn performance(
    State(desk): State<Desk>,
    Params(query): Params<PerformanceQuery>,
) -> Result<Response, Problem> {
    let day = super::day(&desk, query.date.as_deref())?;
    let agent = desk.agent(given(query.agent_id.as_deref()).map(AgentId::from))?;
    let tasks = desk.tasks().clone();
    let work = async move {
        let report = desk.reports().day(day).await?;
        let summary = desk.reports().summary(day).await?;
        let mut figures = figures(day, &agent, &report.rows, &summary);
        if day == desk.client().today() {
            // The service's own figure covers the last two hours of outbound calls; other days are counted from rows.
            figures.avg_handling_time = desk.reports().handling(&agent).await?.unwrap_or_default();
        }
        Ok((figures, report.unreadable))
    };
    let (figures, left_out) = tasks.run(TaskKind::Read, work).await?;
    Ok((super::unreadable(left_out), Json(figures)).into_response())
}
