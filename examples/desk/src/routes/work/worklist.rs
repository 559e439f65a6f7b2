//! Whom to call next.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MOST;
use crate::body::Params;
use crate::core::caller::Caller;
use crate::core::worklist::{Entry, EntryKind, ServiceLevel, sort};
use crate::desk::Desk;
use crate::problem::Problem;
use crate::store::work::Lead;

const LARGEST_PAGE: u32 = 200;
const PAGE: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorklistQuery {
    cursor: Option<String>,
    limit: Option<u32>,
}

/// Someone to call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EntryView {
    /// The id, with its kind before the colon.
    #[schema(example = "lead:0196")]
    id: String,
    /// Why.
    kind: EntryKind,
    /// The name, where one is known.
    name: Option<String>,
    /// The number, whole.
    #[schema(example = "9000000001")]
    number: String,
    /// Where the person comes from.
    source: Option<String>,
    /// When there was last something with this person, in milliseconds since 1970.
    last_interaction_at: Option<i64>,
    /// How long it has been waiting, in seconds.
    age_sec: i64,
    /// How long it may wait.
    level: ServiceLevel,
    /// The lead's id, where it is one.
    lead_id: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            kind: entry.kind,
            name: entry.name,
            number: entry.number.as_str().to_owned(),
            source: entry.source,
            last_interaction_at: entry.last_interaction_ms,
            age_sec: entry.age_ms / 1000,
            level: entry.level,
            lead_id: entry.lead,
        }
    }
}

/// A page of the worklist.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorklistPage {
    /// Whom to call. The first page begins with missed calls and follow-ups that are due.
    entries: Vec<EntryView>,
    /// How many rows of imports have no number that can be called, and are not here.
    without_number: u64,
    /// What to send as `cursor` for the next page; none if this is the last.
    cursor: Option<String>,
}

/// The worklist: missed calls, follow-ups that are due, and leads, what has waited too long first. An agent sees the
/// leads that are the agent's own or everyone's.
#[utoipa::path(
    get,
    path = "/api/worklist",
    tag = "work",
    params(
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
        ("limit" = Option<u32>, Query, description = "How many leads, at most 200"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "A page", body = WorklistPage)),
)]
pub(super) async fn worklist(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<WorklistQuery>,
) -> Result<Json<WorklistPage>, Problem> {
    let most = query.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&most) {
        return Err(Problem::field("limit", format!("has to be from 1 to {LARGEST_PAGE}")));
    }
    let after = query.cursor.as_deref().map(place).transpose()?;
    let now = desk.people().now();
    let is_first = after.is_none();
    let mut entries = urgent(&desk, &caller, now).await?;
    let mut leads = desk.store().open_leads(&caller.scope, after, most + 1).await?;
    let size = usize::try_from(most).unwrap_or(usize::MAX);
    let more = leads.len() > size;
    leads.truncate(size);
    let last = leads.last().filter(|_| more);
    let cursor = last.map(|lead| format!("{}-{}", lead.added, lead.id));
    // Who is on the list for a missed call or a promise, on its first page, is not on it twice.
    leads.retain(|lead| entries.iter().all(|entry| !entry.number.is_same_number(&lead.number)));
    if !is_first {
        entries.clear();
    }
    entries.extend(leads.into_iter().map(|lead| of_lead(&desk, lead, now)));
    let without_number = desk.store().left_out().await?;
    let entries = entries.into_iter().map(EntryView::from).collect();
    Ok(Json(WorklistPage { entries, without_number, cursor }))
}

/// Missed calls and follow-ups that are due, with the names of their leads.
async fn urgent(desk: &Desk, caller: &Caller, now: i64) -> Result<Vec<Entry>, Problem> {
    let levels = desk.service_levels();
    let missed = desk.store().open_missed(MOST).await?;
    let mut entries: Vec<_> =
        missed.iter().map(|missed| levels.missed(&missed.record, now)).collect();
    let follow_ups = desk.store().open_follow_ups(&caller.scope, MOST).await?;
    entries.extend(follow_ups.iter().filter_map(|one| levels.follow_up(&one.record, now)));
    for entry in &mut entries {
        if let Some(lead) = desk.store().lead_of_number(&entry.number).await? {
            entry.name = Some(lead.name).filter(|name| !name.is_empty());
            entry.source = Some(lead.source).filter(|source| !source.is_empty());
            entry.last_interaction_ms = entry.last_interaction_ms.max(lead.last_interaction);
            entry.lead = Some(lead.id);
        }
    }
    sort(&mut entries);
    Ok(entries)
}

fn of_lead(desk: &Desk, lead: Lead, now: i64) -> Entry {
    let age_ms = now.saturating_sub(lead.last_interaction.unwrap_or(lead.added)).max(0);
    Entry {
        id: format!("lead:{}", lead.id),
        kind: EntryKind::Lead,
        number: lead.number,
        name: Some(lead.name).filter(|name| !name.is_empty()),
        source: Some(lead.source).filter(|source| !source.is_empty()),
        last_interaction_ms: lead.last_interaction,
        age_ms,
        level: desk.service_levels().level(EntryKind::Lead, age_ms),
        lead: Some(lead.id),
    }
}

fn place(text: &str) -> Result<(i64, String), Problem> {
    let parts = text.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
    parts.ok_or_else(|| Problem::field("cursor", "is not one that a page ended with"))
}
