//! Past calls, page by page.

use axum::Json;
use axum::extract::State;
use ozonetel_sdk::phone_call::CallOutcomeKind;
use ozonetel_sdk::types::{CampaignName, Did, PhoneNumber, redact_number};
use ozonetel_store::{CallLegs, CallQuery, Cursor, Direction, StoredCall};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::range;
use crate::body::{Params, given};
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::Problem;
use crate::reporting::{KeptCalls, never_read};
use crate::tasks::TaskKind;

/// How many calls a page has at most.
const MOST: usize = 200;

/// How many calls a page has if it is not said.
const PAGE: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallListQuery {
    from: Option<String>,
    to: Option<String>,
    agent: Option<String>,
    direction: Option<String>,
    outcome: Option<String>,
    number: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

/// A past call. Its number is masked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PastCall {
    /// The call's id.
    ucid: String,
    /// The day on which it began.
    day: String,
    /// When it began, in milliseconds since 1970.
    started_at: i64,
    /// `inbound` or `outbound`; none for a type that says neither.
    direction: Option<&'static str>,
    /// How it ended, in one of the SDK's words.
    #[schema(example = "completed")]
    outcome: &'static str,
    /// Whether there was a conversation; none while it goes on.
    answered: Option<bool>,
    /// The customer's number, but for its last digits.
    #[schema(example = "…01")]
    number: Option<String>,
    /// The DID.
    did: Option<String>,
    /// The campaign.
    campaign: Option<String>,
    /// Everyone who had a leg of it.
    agents: Vec<String>,
    /// How many legs it had.
    legs: usize,
    /// The conversation, in seconds.
    talk_sec: u32,
    /// Conversation and after-call work, in seconds.
    handling_sec: u32,
    /// The disposition.
    disposition: Option<String>,
    /// The front end's own code for it, where it went through this desk.
    code: Option<String>,
    /// Whether there is a recording.
    recorded: bool,
}

/// A page of past calls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallList {
    /// The calls, newest first.
    calls: Vec<PastCall>,
    /// What to send as `cursor` for the next page; none if this is the last.
    next: Option<String>,
    /// Days of the range whose records were never read: that they have no calls here says nothing.
    never_read: Vec<String>,
}

/// Past calls, newest first: those of the caller, or of all whom the caller sees.
#[utoipa::path(
    get,
    path = "/api/calls",
    tag = "calls",
    params(
        ("from" = Option<String>, Query, description = "The first day, YYYY-MM-DD; today if it is not said"),
        ("to" = Option<String>, Query, description = "The last day; the first if it is not said"),
        ("agent" = Option<String>, Query, description = "Only calls that this agent had a leg of"),
        ("direction" = Option<String>, Query, description = "inbound or outbound"),
        ("outcome" = Option<String>, Query, description = "One of the SDK's words, for example agent_missed"),
        ("number" = Option<String>, Query, description = "Only calls with this customer, in any spelling"),
        ("cursor" = Option<String>, Query, description = "Where the page before ended"),
        ("limit" = Option<usize>, Query, description = "How many calls, at most 200"),
    ),
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "A page", body = CallList)),
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    caller: Caller,
    Params(query): Params<CallListQuery>,
) -> Result<Json<CallList>, Problem> {
    let (from, to) = range::days(&desk, query.from.as_deref(), query.to.as_deref())?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("limit", format!("has to be from 1 to {MOST}")));
    }
    let direction = given(query.direction.as_deref()).map(|word| match word {
        "inbound" => Ok(Direction::Inbound),
        "outbound" => Ok(Direction::Outbound),
        _ => Err(Problem::field("direction", "has to be inbound or outbound")),
    });
    let outcome = given(query.outcome.as_deref()).map(|word| {
        let unknown = || Problem::field("outcome", "is not the name of a call's outcome");
        word.parse::<CallOutcomeKind>().map_err(|_| unknown())
    });
    let number = given(query.number.as_deref()).map(|text| {
        let number = PhoneNumber::from(text);
        let wrong = || Problem::field("number", "is not a telephone number");
        number.key().map(|_| number.clone()).ok_or_else(wrong)
    });
    let cursor = given(query.cursor.as_deref()).map(|text| {
        text.parse::<Cursor>().map_err(|invalid| Problem::field("cursor", invalid.reason()))
    });
    let filter = CallQuery {
        from: Some(from),
        to: Some(to),
        agents: range::agents(&caller, query.agent.as_deref())?,
        direction: direction.transpose()?,
        outcome: outcome.transpose()?,
        number: number.transpose()?,
        ..CallQuery::default()
    };
    let cursor = cursor.transpose()?;
    let tasks = desk.tasks().clone();
    let work = async move {
        let page = desk.records().store().calls(&filter, cursor.as_ref(), limit).await?;
        let kept = KeptCalls::of(&desk, &page.calls).await?;
        let mut calls = Vec::with_capacity(page.calls.len());
        for call in &page.calls {
            calls.push(past(&kept, call)?);
        }
        let missing = never_read(&desk, from, to).await?;
        let never_read = missing.iter().map(ToString::to_string).collect();
        Ok(CallList { calls, next: page.next.map(|next| next.to_string()), never_read })
    };
    Ok(Json(tasks.run(TaskKind::Read, work).await?))
}

fn past(kept: &KeptCalls, call: &StoredCall) -> Result<PastCall, Problem> {
    let records = call.records()?;
    let legs = CallLegs::new(&records);
    let main = legs.main();
    let mut agents: Vec<String> = Vec::new();
    for id in legs.legs().iter().filter_map(|leg| leg.agent_id.as_ref()) {
        if id.key().is_some() && !agents.iter().any(|known| known == id.as_str()) {
            agents.push(id.as_str().to_owned());
        }
    }
    let text = |text: Option<&str>| given(text).map(str::to_owned);
    let number = main.and_then(|leg| leg.caller_id.as_ref());
    let recorded = |leg: &&ozonetel_sdk::cdr::CallRecord| {
        leg.call_audio.as_ref().is_some_and(|link| !link.as_str().trim().is_empty())
    };
    Ok(PastCall {
        ucid: call.key.clone(),
        day: call.day.to_string(),
        started_at: call.started_at,
        direction: legs.direction().map(Direction::as_str),
        outcome: legs.outcome().as_str(),
        answered: legs.is_answered(),
        number: number.map(|number| redact_number(number.as_str())),
        did: text(main.and_then(|leg| leg.did.as_ref()).map(Did::as_str)),
        campaign: text(main.and_then(|leg| leg.campaign_name.as_ref()).map(CampaignName::as_str)),
        agents,
        legs: call.legs.len(),
        talk_sec: legs.talk().seconds(),
        handling_sec: legs.handling().seconds(),
        disposition: text(legs.disposition()),
        code: kept.of_call(call).and_then(|kept| kept.code.clone()),
        recorded: legs.legs().iter().any(recorded),
    })
}
