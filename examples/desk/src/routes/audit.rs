//! Who did what.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Params, given};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::audit::{AuditFilter, AuditRow};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(list))
}

/// How many rows a page has at most.
const MOST: u32 = 500;

/// How many rows a page has if it is not said.
const PAGE: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    from: Option<i64>,
    to: Option<i64>,
    who: Option<String>,
    target: Option<String>,
    action: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// An action.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AuditView {
    /// The row's id.
    id: String,
    /// When, in milliseconds since 1970.
    at: i64,
    /// The id of the user or token; `desk` for the desk itself.
    who: String,
    /// The role in which it was done.
    role: String,
    /// What was done.
    #[schema(example = "call.hold")]
    action: String,
    /// On what.
    #[schema(example = "call:17")]
    target: String,
    /// The agent whose call or state it was.
    agent: Option<String>,
    /// `ok`, or the reason why not.
    result: String,
    /// The id of the request.
    request: Option<String>,
}

impl From<AuditRow> for AuditView {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            who: row.who,
            role: row.role,
            action: row.action,
            target: row.target,
            agent: row.agent.map(|agent| agent.as_str().to_owned()),
            result: row.result,
            request: row.request,
        }
    }
}

/// A page of the audit.
#[derive(Serialize, ToSchema)]
struct AuditPage {
    /// The rows, newest first.
    rows: Vec<AuditView>,
    /// What to send as `cursor` for the next page; none if this is the last.
    next: Option<String>,
}

/// Who did what to what, newest first. A supervisor sees what was done about the team's agents.
#[utoipa::path(
    get,
    path = "/api/audit",
    tag = "admin",
    params(
        ("from" = Option<i64>, Query, description = "Not before this time, in milliseconds since 1970"),
        ("to" = Option<i64>, Query, description = "Before this time"),
        ("who" = Option<String>, Query, description = "The id of a user or token"),
        ("target" = Option<String>, Query, description = "On what, for example call:17"),
        ("action" = Option<String>, Query, description = "What was done, for example call.hold"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
        ("limit" = Option<u32>, Query, description = "How many rows, at most 500"),
    ),
    extensions(("x-allow" = json!("supervisor:team"))),
    responses((status = 200, description = "A page", body = AuditPage)),
)]
async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    let most = query.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&most) {
        return Err(Problem::field("limit", format!("has to be from 1 to {MOST}")));
    }
    let text = |text: Option<String>| given(text.as_deref()).map(str::to_owned);
    let filter = AuditFilter {
        from: query.from,
        to: query.to,
        who: text(query.who),
        target: text(query.target),
        action: text(query.action),
        after: query.cursor.as_deref().map(cursor).transpose()?,
        ..AuditFilter::newest(caller.scope, most + 1)
    };
    let mut rows = desk.store().audit(&filter).await?;
    let more = rows.len() > usize::try_from(most).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| format!("{}-{}", row.at, row.id));
    Ok(Json(AuditPage { rows: rows.into_iter().map(AuditView::from).collect(), next }))
}

fn cursor(text: &str) -> Result<(i64, String), Problem> {
    let parts = text.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
    parts.ok_or_else(|| Problem::field("cursor", "is not one that a page ended with"))
}
