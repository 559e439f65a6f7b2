//! Search for leads.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::LeadView;
use crate::body::Params;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::LeadSearch;

const LARGEST_PAGE: u32 = 200;
const PAGE: u32 = 50;

/// How many bytes may be searched for.
const LONGEST: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeadQuery {
    q: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

/// A page of leads.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadPage {
    /// The newest first.
    leads: Vec<LeadView>,
    /// What to send as `cursor` for the next page; none if this is the last.
    next: Option<String>,
    /// How many of the platform's cannot be understood, and are not here.
    unreadable: usize,
}

/// Leads by a part of their name or number, the newest first: an agent's own and everyone's, a supervisor's team's.
#[utoipa::path(
    get,
    path = "/api/leads",
    tag = "customers",
    params(
        ("q" = Option<String>, Query, description = "A part of a name, or of a number"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
        ("limit" = Option<u32>, Query, description = "How many, at most 200"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "A page", body = LeadPage)),
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<LeadQuery>,
) -> Result<Json<LeadPage>, Problem> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Problem::field("limit", format!("has to be from 1 to {LARGEST_PAGE}")));
    }
    let text = query.q.unwrap_or_default().trim().to_lowercase();
    if text.len() > LONGEST {
        return Err(Problem::field("q", format!("has more than {LONGEST} bytes")));
    }
    let after = query.cursor.as_deref().map(place).transpose()?;
    let search = LeadSearch { text, after, most: limit };
    let found = desk.platform().search_leads(&caller.scope, &search).await?;
    Ok(Json(LeadPage {
        // All of these are the caller's own, the team's or everyone's.
        leads: found.leads.into_iter().map(|lead| LeadView::of(lead, true)).collect(),
        next: found.next.map(|(added, id)| format!("{added}-{id}")),
        unreadable: found.unreadable,
    }))
}

fn place(text: &str) -> Result<(i64, String), Problem> {
    let parts = text.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
    parts.ok_or_else(|| Problem::field("cursor", "is not one that a page ended with"))
}
