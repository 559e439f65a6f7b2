//! Whom to call next.

use std::collections::BTreeSet;
use std::fmt;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MOST;
use crate::body::Params;
use crate::core::caller::Caller;
use crate::core::dial::number_key;
use crate::core::followup::FollowUp;
use crate::core::worklist::{Entry, EntryKind, ServiceLevel, sort};
use crate::desk::Desk;
use crate::flow::listed_leads::leads_of;
use crate::problem::Problem;
use crate::store::work::{Lead, Versioned};

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
    /// Which agent has taken it: other agents' calls to the number are refused.
    claimed_by: Option<String>,
    /// Until when, in milliseconds since 1970.
    claimed_until: Option<i64>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let (claimed_by, claimed_until) = entry.claim.unzip();
        Self {
            claimed_by,
            claimed_until,
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
    /// Whom to call. The first page begins with missed calls and follow-ups that are due, at most 500 of each, the
    /// longest wait first.
    entries: Vec<EntryView>,
    /// Whether there are more missed calls or follow-ups that are due.
    more_urgent: bool,
    /// Whether the platform could not be asked for all leads: names may be missing.
    leads_missing: bool,
    /// How many rows of imports have no number that can be called, and are not here: those for the agents that the caller
    /// sees, and everyone's; none on later pages than the first.
    without_number: Option<u64>,
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
    let first = after.as_ref().map(|after| after.first);
    let Urgent { mut entries, rest } = urgent(&desk, &caller, now).await?;
    let after = after.map(|after| (after.added, after.id));
    let mut leads = desk.store().open_leads(&caller.scope, after, most + 1).await?;
    let size = usize::try_from(most).unwrap_or(usize::MAX);
    let more = leads.len() > size;
    leads.truncate(size);
    let last = leads.last().filter(|_| more);
    let end = |lead: &Lead| PageEnd {
        added: lead.added,
        id: lead.id.clone(),
        first: first.unwrap_or(FirstPage { made: now, rest }),
    };
    let cursor = last.map(|lead| end(lead).to_string());
    // Who is on the list for a missed call or a promise, on its first page, is not on it twice. Who was not there, for
    // there were too many or it was made before, is on none of its pages otherwise.
    let on_first = |entry: &&Entry| first.is_none_or(|first| first.has(entry));
    let numbers = entries.iter().filter(on_first).map(|entry| number_key(&entry.number));
    let numbers: BTreeSet<_> = numbers.collect();
    leads.retain(|lead| !numbers.contains(&number_key(&lead.number)));
    if first.is_some() {
        entries.clear();
    }
    let leads_missing = name(&desk, &mut entries).await?;
    entries.extend(leads.into_iter().map(|lead| of_lead(&desk, lead, now)));
    let without_number = match first {
        None => Some(desk.store().left_out(&caller.scope).await?),
        Some(_) => None,
    };
    let entries = entries.into_iter().map(EntryView::from).collect();
    let more_urgent = rest.missed.is_some() || rest.follow_up.is_some();
    Ok(Json(WorklistPage { entries, more_urgent, leads_missing, without_number, cursor }))
}

/// Missed calls and follow-ups that are due.
struct Urgent {
    /// Those that wait longest.
    entries: Vec<Entry>,
    rest: UrgentRest,
}

/// Where those begin that have no place on a page, by the time of which each kind waits; none where there are none.
#[derive(Clone, Copy)]
struct UrgentRest {
    missed: Option<i64>,
    follow_up: Option<i64>,
}

async fn urgent(desk: &Desk, caller: &Caller, now: i64) -> Result<Urgent, Problem> {
    let (levels, most) = (desk.service_levels(), MOST as usize);
    let missed = desk.store().longest_missed(MOST + 1).await?;
    let follow_ups = desk.store().open_follow_ups(&caller.scope, None, MOST + 1).await?;
    // Whether or not it has a number: those that are due after it may.
    let is_due = |one: &&Versioned<FollowUp>| one.record.is_due(now);
    let rest = UrgentRest {
        missed: missed.get(most).map(|one| one.record.last_ms),
        follow_up: follow_ups.get(most).filter(is_due).map(|one| one.record.due_ms),
    };
    let missed = missed.iter().take(most).map(|missed| levels.missed(&missed.record, now));
    let mut entries: Vec<_> = missed.collect();
    let follow_ups = follow_ups.iter().take(most);
    entries.extend(follow_ups.filter_map(|one| levels.follow_up(&one.record, now)));
    sort(&mut entries);
    Ok(Urgent { entries, rest })
}

/// Gives entries the names of their leads; whether some may be missing.
async fn name(desk: &Desk, entries: &mut [Entry]) -> Result<bool, Problem> {
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number.clone()).collect();
    let leads = leads_of(desk, &numbers).await?;
    for entry in entries {
        let Some(lead) = leads.of(&entry.number).cloned() else { continue };
        entry.name = Some(lead.name).filter(|name| !name.is_empty());
        entry.source = Some(lead.source).filter(|source| !source.is_empty());
        entry.last_interaction_ms = entry.last_interaction_ms.max(lead.last_interaction);
        entry.lead = Some(lead.id);
    }
    Ok(leads.missing)
}

fn of_lead(desk: &Desk, lead: Lead, now: i64) -> Entry {
    let waits_since_ms = lead.last_interaction.unwrap_or(lead.added);
    let age_ms = now.saturating_sub(waits_since_ms).max(0);
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
        claim: None,
        since_ms: lead.added,
        waits_since_ms,
    }
}

/// The first page of a list.
#[derive(Clone, Copy)]
struct FirstPage {
    made: i64,
    rest: UrgentRest,
}

impl FirstPage {
    /// Whether an entry was on it. Of those that wait since the moment from which on there was no place, some may have
    /// been: as a lead they are on the list once more.
    fn has(&self, entry: &Entry) -> bool {
        let rest = match entry.kind {
            EntryKind::Missed => self.rest.missed,
            EntryKind::FollowUp => self.rest.follow_up,
            EntryKind::Lead => return false,
        };
        entry.since_ms <= self.made && rest.is_none_or(|rest| entry.waits_since_ms < rest)
    }
}

/// Where a page ended.
struct PageEnd {
    /// When its last lead was added, and its id.
    added: i64,
    id: String,
    first: FirstPage,
}

impl fmt::Display for PageEnd {
    /// As the cursor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FirstPage { made, rest } = self.first;
        let text = |time: Option<i64>| time.map(|time| time.to_string()).unwrap_or_default();
        let (missed, follow_up) = (text(rest.missed), text(rest.follow_up));
        write!(f, "{}-{made}.{missed}.{follow_up}-{}", self.added, self.id)
    }
}

fn place(text: &str) -> Result<PageEnd, Problem> {
    let parsed = || {
        let (added, rest) = text.split_once('-')?;
        let (first, id) = rest.split_once('-')?;
        let mut times = first.split('.');
        let made = times.next()?.parse().ok()?;
        // None, or empty, is none.
        let mut time = || match times.next() {
            None | Some("") => Some(None),
            Some(text) => text.parse().ok().map(Some),
        };
        let rest = UrgentRest { missed: time()?, follow_up: time()? };
        let first = FirstPage { made, rest };
        Some(PageEnd { added: added.parse().ok()?, id: id.to_owned(), first })
    };
    parsed().ok_or_else(|| Problem::field("cursor", "is not one that a page ended with"))
}
