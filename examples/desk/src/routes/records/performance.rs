//! Figures of a range.

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
use crate::reporting::{breakdown, never_read, time_use_today};
use crate::tasks::TaskKind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeQuery {
    from: Option<String>,
    to: Option<String>,
    agent: Option<String>,
}

/// Figures of a range of days.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RangeFigures {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// The agents whose calls these are; none for those of everybody.
    agents: Option<Vec<String>>,
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
    /// Where the time went, on the days that are filed: each is once its night is over.
    time_utilization: Option<TimeUtilization>,
    /// How many days of the range that covers.
    time_utilization_days: usize,
    /// Where the time of today went so far, if the range ends today: out of the states that this desk has seen. The
    /// service files its own figures in the night.
    time_use_today_from_states: Option<TimeUtilization>,
    /// Days of the range whose records were never read: they count as nothing.
    never_read: Vec<String>,
}

/// Figures of a range of days, today unless it says otherwise: of an agent, or of all whom the caller sees.
#[utoipa::path(
    get,
    path = "/api/performance",
    tag = "figures",
    params(
        ("from" = Option<String>, Query, description = "The first day, YYYY-MM-DD"),
        ("to" = Option<String>, Query, description = "The last day; the first if it is not said"),
        ("agent" = Option<String>, Query, description = "Only this agent"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The figures; as CSV if that is accepted first", body = RangeFigures)),
)]
pub(super) async fn range(
    State(desk): State<Desk>,
    caller: Caller,
    headers: HeaderMap,
    Params(query): Params<RangeQuery>,
) -> Result<Response, Problem> {
    let (from, to) = range::days(&desk, query.from.as_deref(), query.to.as_deref())?;
    let agents = range::agents(&caller, query.agent.as_deref())?;
    let tasks = desk.tasks().clone();
    let work = async move {
        let found = breakdown(&desk, from, to, agents.as_deref()).await?;
        let summary = desk.records().store().summary(from, to).await?;
        let missing = never_read(&desk, from, to).await?;
        let is_today = to == desk.client().today();
        let today = if is_today { time_use_today(&desk, agents.as_deref()).await? } else { None };
        Ok((found, summary, missing, agents, today))
    };
    let (found, summary, missing, agents, today) = tasks.run(TaskKind::Read, work).await?;
    let figures = Figures::from(found.total);
    if csv_table::is_wanted(&headers) {
        return csv_table::csv("range", &[(format!("{from} to {to}"), figures)]);
    }
    let rows = summary.values().flatten();
    let answer = RangeFigures {
        from: from.to_string(),
        to: to.to_string(),
        time_utilization: utilization(agents.as_deref(), rows),
        time_utilization_days: summary.len(),
        time_use_today_from_states: today,
        agents: agents.map(|agents| agents.iter().map(|id| id.as_str().to_owned()).collect()),
        figures,
        never_read: missing.iter().map(ToString::to_string).collect(),
    };
    Ok((crate::routes::unreadable::unreadable(found.unread), Json(answer)).into_response())
}
