//! Figures day by day.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use ozonetel_sdk::types::Day;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{csv_table, range};
use crate::body::Params;
use crate::core::caller::Caller;
use crate::core::figures::{Figures, Tally};
use crate::desk::Desk;
use crate::problem::Problem;
use crate::reporting::{breakdown, read_range};
use crate::routes::unreadable::read_headers;

/// The most days.
const MOST: usize = 90;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrendQuery {
    days: Option<usize>,
    agent: Option<String>,
}

/// One day.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DayFigures {
    /// The day.
    date: String,
    /// Whether its records were ever read; without that the figures say nothing.
    is_read: bool,
    /// The figures.
    #[serde(flatten)]
    figures: Figures,
}

/// Days in a row.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Trend {
    /// Every day, oldest first; one without calls has zeros.
    days: Vec<DayFigures>,
    /// When today's records were last read, in milliseconds since 1970.
    read_at: Option<i64>,
}

/// Figures of the last days, today included: of an agent, or of all whom the caller sees.
#[utoipa::path(
    get,
    path = "/api/performance/trend",
    tag = "figures",
    params(
        ("days" = Option<usize>, Query, description = "How many days, at most 90; 7 if it is not said"),
        ("agent" = Option<String>, Query, description = "Only this agent"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "The days; as CSV if that is accepted first", body = Trend)),
)]
pub(super) async fn trend(
    State(desk): State<Desk>,
    caller: Caller,
    headers: HeaderMap,
    Params(query): Params<TrendQuery>,
) -> Result<Response, Problem> {
    let count = query.days.unwrap_or(7);
    if !(1..=MOST).contains(&count) {
        return Err(Problem::field("days", format!("has to be from 1 to {MOST}")));
    }
    let agents = range::agents(&caller, query.agent.as_deref())?;
    let to = desk.client().today();
    let mut days: Vec<Day> =
        std::iter::successors(Some(to), |day| Some(day.previous())).take(count).collect();
    days.reverse();
    let from = days.first().copied().unwrap_or(to);
    let tasks = desk.tasks().clone();
    let work = async move {
        let found = breakdown(&desk, from, to, agents.as_deref()).await?;
        Ok((found, read_range(&desk, from, to).await?))
    };
    let (mut found, read) = tasks.read(work).await?;
    let mut figures_of = |day: &Day| {
        let tally: Tally = found.days.remove(day).unwrap_or_default();
        Figures::from(tally)
    };
    let known = read_headers(found.unread, read.last_ms);
    let is_read = |day: &Day| !read.never.contains(day);
    if csv_table::is_wanted(&headers) {
        let line = |day: &Day| csv_table::CsvLine {
            of: day.to_string(),
            figures: is_read(day).then(|| figures_of(day)),
            read: is_read(day).to_string(),
        };
        let lines: Vec<_> = days.iter().map(line).collect();
        return Ok((known, csv_table::csv("date", "isRead", &lines)?).into_response());
    }
    let days = days.iter().map(|day| DayFigures {
        date: day.to_string(),
        is_read: is_read(day),
        figures: figures_of(day),
    });
    let answer = Trend { days: days.collect(), read_at: read.last_ms };
    Ok((known, Json(answer)).into_response())
}
