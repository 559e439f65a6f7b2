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
use crate::reporting::{breakdown, read_range, time_use_today};
use crate::routes::unreadable::read_headers;

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
    /// Where the time of today went so far, if today is in the range: out of the states that this desk has seen. The
    /// service files its own figures in the night.
    time_use_today_from_states: Option<TimeUtilization>,
    /// Days of the range whose records were never read: they count as nothing.
    never_read: Vec<String>,
    /// When the records of the last of these days, today at the latest, were last read, in milliseconds since 1970.
    read_at: Option<i64>,
}

/// Figures of a range of days, today unless it says otherwise: of an agent, or of all whom the caller sees.
#[utoipa::path(
    get,
    path = "/api/performance",
    tag = "figures",
    params(
        ("from" = Option<String>, Query, description = "The first day, YYYY-MM-DD"),
        ("to" = Option<String>, Query, description = "The last day; the first if it is not said. An agent's range has at most 93 days, others 366"),
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
    let (from, to) =
        range::figure_days(&desk, &caller, query.from.as_deref(), query.to.as_deref())?;
    let agents = range::agents(&caller, query.agent.as_deref())?;
    let tasks = desk.tasks().clone();
    let work = async move {
        let found = breakdown(&desk, from, to, agents.as_deref()).await?;
        let summary = desk.records().store().summary(from, to).await?;
        let read = read_range(&desk, from, to).await?;
        let today = desk.client().today();
        let today = if from <= today && today <= to {
            time_use_today(&desk, agents.as_deref()).await?
        } else {
            None
        };
        Ok((found, summary, read, agents, today))
    };
    let (found, summary, read, agents, today) = tasks.read(work).await?;
    let figures = Figures::from(found.total);
    let known = read_headers(found.unread, read.last_ms);
    if csv_table::is_wanted(&headers) {
        let line = csv_table::CsvLine {
            of: format!("{from} to {to}"),
            figures: Some(figures).filter(|_| read.any),
            read: read.never.len().to_string(),
        };
        return Ok((known, csv_table::csv("range", "daysNotRead", &[line])?).into_response());
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
        never_read: read.never.iter().map(ToString::to_string).collect(),
        read_at: read.last_ms,
    };
    Ok((known, Json(answer)).into_response())
}
