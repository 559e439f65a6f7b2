//! What is to be done: worklist, leads, missed calls, follow-ups.

mod assign;
mod change_follow_up;
mod change_missed;
mod follow_ups;
mod import;
mod missed;
mod worklist;

use futures_util::future::BoxFuture;
use ozonetel_sdk::types::redact_number;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::caller::Caller;
use crate::core::followup::FollowUp;
use crate::core::missed::MissedNumber;
use crate::core::worklist::{EntryKind, ServiceLevel};
use crate::desk::Desk;
use crate::flow::listed_leads::{ListedLeads, known_leads_of};
use crate::problem::Problem;

/// How many missed numbers and follow-ups an answer has at most.
const MOST: u32 = 500;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(worklist::worklist))
        .routes(routes!(assign::assign))
        .routes(routes!(missed::missed))
        .routes(routes!(change_missed::claim))
        .routes(routes!(change_missed::release))
        .routes(routes!(change_missed::close))
        .routes(routes!(follow_ups::list, follow_ups::add))
        .routes(routes!(change_follow_up::change))
        .merge(import::router())
}

/// The missed calls that a caller sees, for a snapshot.
pub(super) fn missed_snapshot(
    desk: &Desk,
    _: &Caller,
) -> BoxFuture<'static, Result<Value, Problem>> {
    let desk = desk.clone();
    Box::pin(async move { Ok(json!(missed::all(&desk).await?)) })
}

/// The follow-ups that a caller sees, for a snapshot.
pub(super) fn followups_snapshot(
    desk: &Desk,
    caller: &Caller,
) -> BoxFuture<'static, Result<Value, Problem>> {
    let (desk, scope) = (desk.clone(), caller.scope.clone());
    Box::pin(async move { Ok(json!(follow_ups::first(&desk, &scope).await?)) })
}

/// The missed calls of one number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MissedView {
    /// The id: what all spellings of the number have in common.
    id: String,
    /// The number, whole.
    #[schema(example = "9000000001")]
    number: String,
    /// The name of the lead with this number.
    name: Option<String>,
    /// The id of that lead.
    lead_id: Option<String>,
    /// When there was last something with this person, in milliseconds since 1970.
    last_interaction_at: Option<i64>,
    /// When the last missed call was, in milliseconds since 1970.
    at: i64,
    /// How many of the number's calls were missed.
    calls: usize,
    /// Which agent has taken it.
    claimed_by: Option<String>,
    /// Until when, in milliseconds since 1970.
    claimed_until: Option<i64>,
    /// How long it may wait.
    level: ServiceLevel,
}

impl MissedView {
    /// As the answer to a change: with the lead as far as it is known at once.
    async fn of(desk: &Desk, missed: MissedNumber) -> Result<Self, Problem> {
        let leads = known_leads_of(desk, std::slice::from_ref(&missed.number)).await?;
        Ok(Self::with_lead(desk, missed, &leads))
    }

    fn with_lead(desk: &Desk, missed: MissedNumber, leads: &ListedLeads) -> Self {
        let lead = leads.of(&missed.number).cloned();
        let now = desk.people().now();
        let claimed_by = missed.claimed_by(now).map(str::to_owned);
        let claimed_until =
            missed.claim.as_ref().map(|(_, until)| *until).filter(|_| claimed_by.is_some());
        let age = now.saturating_sub(missed.last_ms);
        Self {
            number: missed.number.as_str().to_owned(),
            last_interaction_at: missed
                .reached_ms
                .max(lead.as_ref().and_then(|lead| lead.last_interaction)),
            lead_id: lead.as_ref().map(|lead| lead.id.clone()),
            name: lead.map(|lead| lead.name).filter(|name| !name.is_empty()),
            at: missed.last_ms,
            calls: missed.calls.len(),
            claimed_by,
            claimed_until,
            level: desk.service_levels().level(EntryKind::Missed, age),
            id: missed.key,
        }
    }
}

/// What someone has promised to do.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FollowUpView {
    /// Its id.
    id: String,
    /// Whose it is.
    agent: String,
    /// When it is due, in milliseconds since 1970.
    due_at: i64,
    /// Whom to call.
    number: Option<String>,
    /// The name of the lead with this number.
    name: Option<String>,
    /// What for.
    text: String,
    /// The call that it comes from.
    call: Option<String>,
    /// `open`, `done` or `cancelled`.
    state: &'static str,
    /// Whether it is done.
    done: bool,
}

impl FollowUpView {
    /// As the answer to a change: with the lead's name as far as it is known at once.
    async fn of(desk: &Desk, follow_up: FollowUp) -> Result<Self, Problem> {
        let leads = known_leads_of(desk, follow_up.number.as_slice()).await?;
        Ok(Self::with_lead(follow_up, true, &leads))
    }

    /// With number and text, or without.
    pub(super) fn with_lead(follow_up: FollowUp, whole: bool, leads: &ListedLeads) -> Self {
        let lead = follow_up.number.as_ref().and_then(|number| leads.of(number));
        let name = lead.map(|lead| lead.name.clone());
        Self {
            id: follow_up.id,
            agent: follow_up.agent,
            due_at: follow_up.due_ms,
            number: follow_up.number.map(|number| {
                if whole { number.as_str().to_owned() } else { redact_number(number.as_str()) }
            }),
            name: name.filter(|name| !name.is_empty()),
            text: if whole { follow_up.note } else { String::new() },
            call: follow_up.call,
            state: follow_up.state.as_str(),
            done: follow_up.state == crate::core::followup::FollowUpState::Done,
        }
    }
}
