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
use crate::reporting::{breakdown, read_range};
use crate::routes::unreadable::read_headers;

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
#[serde(rename_all = "camelCase")]
pub(super) struct TeamFigures {
    /// The agents, by id.
    agents: Vec<AgentFigures>,
    /// Phone calls of all together, once each however many agents they had.
    total: Figures,
    /// How many days of the range the times cover.
    time_utilization_days: usize,
    /// Days of the range whose records were never read: they count as nothing.
    never_read: Vec<String>,
    /// When the records of the last of these days, today at the latest, were last read, in milliseconds since 1970.
    read_at: Option<i64>,
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
    let (from, to) =
        range::figure_days(&desk, &caller, query.from.as_deref(), query.to.as_deref())?;
    let agents = range::agents(&caller, None)?;
    let tasks = desk.tasks().clone();
    let work = async move {
        let found = breakdown(&desk, from, to, agents.as_deref()).await?;
        let summary = desk.records().store().summary(from, to).await?;
        Ok((found, summary, read_range(&desk, from, to).await?))
    };
    let (found, summary, read) = tasks.read(work).await?;
    let total = Figures::from(found.total);
    let known = read_headers(found.unread, read.last_ms);
    if csv_table::is_wanted(&headers) {
        let line = |of: &str, figures: Figures| csv_table::CsvLine {
            of: of.to_owned(),
            figures: Some(figures).filter(|_| read.any),
            read: read.never.len().to_string(),
        };
        let agents = found.agents.into_values();
        let mut lines: Vec<_> =
            agents.map(|(agent, tally)| line(agent.as_str(), tally.into())).collect();
        lines.push(line("all", total));
        return Ok((known, csv_table::csv("agent", "daysNotRead", &lines)?).into_response());
    }
    let agents = found.agents.into_values().map(|(agent, tally)| AgentFigures {
        time_utilization: utilization(
            Some(std::slice::from_ref(&agent)),
            summary.values().flatten(),
        ),
        agent: agent.as_str().to_owned(),
        figures: tally.into(),
    });
    let answer = TeamFigures {
        agents: agents.collect(),
        total,
        time_utilization_days: summary.len(),
        never_read: read.never.iter().map(ToString::to_string).collect(),
        read_at: read.last_ms,
    };
    Ok((known, Json(answer)).into_response())
}
