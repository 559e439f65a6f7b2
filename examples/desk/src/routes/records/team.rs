//! Figures agent by agent.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{csv_table, range};
use crate::body::Params;
use crate::core::caller::Caller;
use crate::core::figures::{Figures, TimeUtilization, utilization};
use crate::desk::Desk;
use crate::problem::Problem;
use crate::reporting::breakdown;
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamQuery {
    from: Option<String>,
    to: Option<String>,
}

/// One agent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AgentFigures {
    /// The agent.
    agent: String,
    /// The figures: of the agent's own legs.
    #[serde(flatten)]
    figures: Figures,
    /// Where the time went, on the days that are filed.
    time_utilization: Option<TimeUtilization>,
}

/// Every agent who had a call.
#[derive(Serialize, ToSchema)]
pub(super) struct TeamFigures {
    /// The agents, by id.
    agents: Vec<AgentFigures>,
    /// Phone calls of all together, once each however many agents they had.
    total: Figures,
}

/// Figures of a range of days, agent by agent: of all whom the caller sees.
#[utoipa::path(
    get,
    path = "/api/performance/team",
    tag = "figures",
    params(
        ("from" = Option<String>, Query, description = "The first day, YYYY-MM-DD; today if it is not said"),
        ("to" = Option<String>, Query, description = "The last day; the first if it is not said"),
    ),
    extensions(("x-allow" = json!("supervisor:team"))),
    responses((status = 200, description = "The agents; as CSV if that is accepted first", body = TeamFigures)),
)]
pub(super) async fn team(
    State(desk): State<Desk>,
    caller: Caller,
    headers: HeaderMap,
    Params(query): Params<TeamQuery>,
) -> Result<Response, Problem> {
    let (from, to) = range::days(&desk, query.from.as_deref(), query.to.as_deref())?;
    let agents = range::agents(&caller, None)?;
    let tasks = desk.tasks().clone();
    let work = async move {
        let found = breakdown(&desk, from, to, agents.as_deref()).await?;
        Ok((found, desk.records().store().summary(from, to).await?))
    };
    let (found, summary) = tasks.run(TaskKind::Read, work).await?;
    let total = Figures::from(found.total);
    if csv_table::is_wanted(&headers) {
        let mut rows: Vec<(String, Figures)> = found
            .agents
            .into_values()
            .map(|(agent, tally)| (agent.as_str().to_owned(), tally.into()))
            .collect();
        rows.push(("all".to_owned(), total));
        return csv_table::csv("agent", &rows);
    }
    let agents = found.agents.into_values().map(|(agent, tally)| AgentFigures {
        time_utilization: utilization(
            Some(std::slice::from_ref(&agent)),
            summary.values().flatten(),
        ),
        agent: agent.as_str().to_owned(),
        figures: tally.into(),
    });
    let answer = TeamFigures { agents: agents.collect(), total };
    Ok((crate::routes::unreadable::unreadable(found.unread), Json(answer)).into_response())
}
