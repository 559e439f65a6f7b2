//! Dispositions that are owed: listed, sent again, taken over.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::types::redact_number;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::no_such;
use crate::body::NoFields;
use crate::core::caller::{Caller, Role};
use crate::core::outbox::again;
use crate::desk::Desk;
use crate::flow::delivering::deliver;
use crate::flow::facts::{Together, record_with};
use crate::flow::owed::{OwedDisposition, named, owed as all_owed, take as take_over};
use crate::people::sign_in::RequestOrigin;
use crate::problem::{Kind, Problem};
use crate::store::OutboxWrite;
use crate::store::audit::AuditRow;
use crate::tasks::TaskKind;

/// How many are listed.
const MOST: u32 = 500;

/// What is owed.
#[derive(Serialize, ToSchema)]
pub(super) struct OwedList {
    /// The oldest first, at most 500: of more, the newest that no one has taken over.
    owed: Vec<OwedView>,
    /// Whether there are more.
    more: bool,
}

/// A disposition that is owed: nothing was said of the call, or what was said has not arrived.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwedView {
    /// The id, to repeat it or take it over by.
    id: String,
    /// The call.
    ucid: String,
    /// Who said it, else who owes a word: whose call it was, or who handed it on.
    agent: String,
    /// The number, masked.
    masked: String,
    /// The code that was chosen.
    code: Option<String>,
    /// The account's disposition it stands for.
    name: Option<String>,
    /// Whom it is for: `service` or `platform`.
    target: &'static str,
    /// `none` where nothing was said; `already`, `overtaken`, `refused`, `given_up`; after a repetition `pending` or
    /// `sent`.
    state: &'static str,
    /// What the target said last.
    message: Option<String>,
    /// Since when, in milliseconds since 1970.
    at: i64,
    /// The user who has taken it over from the agent.
    taken_by: Option<String>,
}

impl From<OwedDisposition> for OwedView {
    fn from(owed: OwedDisposition) -> Self {
        let (id, at, agent) = (owed.id(), owed.since_ms(), owed.agent);
        let (state, entry) = (&owed.call.state, owed.entry.as_ref());
        let said = agent.as_ref().and_then(|agent| state.word_of(agent));
        let name = entry.and_then(|entry| entry.payload.get("disposition"));
        Self {
            id,
            ucid: owed.call.id,
            agent: agent.as_ref().map_or("", |agent| agent.as_str()).to_owned(),
            masked: state
                .number
                .as_ref()
                .map_or_else(String::new, |number| redact_number(number.as_str())),
            code: said.map(|given| given.said.code.clone()),
            name: name.and_then(Value::as_str).map(str::to_owned),
            target: entry.map_or("service", |entry| entry.target.as_str()),
            state: entry.map_or("none", |entry| entry.state.as_str()),
            message: entry.and_then(|entry| entry.message.clone()),
            at,
            taken_by: owed.taken_by,
        }
    }
}

/// Dispositions that are owed: calls that are over and of which nothing was said, and what was said and has not reached
/// where it belongs. Who handed a call on to a colleague owes one of the own part, and the colleague another. Of the agent's
/// own calls, apart from those that a supervisor has taken over; or of the team's.
#[utoipa::path(
    get,
    path = "/api/owed",
    tag = "agents",
    extensions(("x-allow" = json!("agent:own"))),
    responses((status = 200, description = "What is owed", body = OwedList)),
)]
pub(super) async fn owed(
    State(desk): State<Desk>,
    caller: Caller,
) -> Result<Json<OwedList>, Problem> {
    Ok(Json(listed(&desk, &caller).await?))
}

/// What a caller sees to be owed, in a snapshot of everything.
pub(super) async fn shown(desk: &Desk, caller: &Caller) -> Result<Vec<OwedView>, Problem> {
    Ok(listed(desk, caller).await?.owed)
}

async fn listed(desk: &Desk, caller: &Caller) -> Result<OwedList, Problem> {
    let all = all_owed(desk, &caller.scope, MOST + 1).await?;
    let is_own = |one: &OwedDisposition| caller.own.iter().any(|own| one.is_owed_by(own));
    let is_listed = |one: &OwedDisposition| caller.role != Role::Agent || is_own(one);
    let mut listed: Vec<_> = all.into_iter().filter(is_listed).collect();
    let more = listed.len() > MOST as usize;
    listed.truncate(MOST as usize);
    listed.sort_by_key(OwedDisposition::since_ms);
    Ok(OwedList { owed: listed.into_iter().map(OwedView::from).collect(), more })
}

/// Sends one again, as it is kept.
#[utoipa::path(
    post,
    path = "/api/owed/{id}/retry",
    tag = "agents",
    params(("id" = String, Path, description = "The id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "Sent again, or about to be", body = OwedView),
        (status = 400, description = "The body has fields: what is kept is sent, and another disposition is given to the call"),
        (status = 404, description = "There is no such disposition"),
        (status = 409, description = "It has arrived, or is on its way"),
    ),
)]
pub(super) async fn retry(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
    _: NoFields,
) -> Result<Json<OwedView>, Problem> {
    let owed = named(&desk, &caller.scope, &id).await?;
    let owed = owed.ok_or_else(|| no_such("disposition"))?;
    let (call, agent) = (owed.call, owed.agent);
    let entry = owed.entry.ok_or_else(|| no_such("disposition"))?;
    let entry = again(&entry, desk.now())
        .ok_or_else(|| Problem::new(Kind::Conflict, "it has arrived, or is on its way"))?;
    let together = Together {
        call: Some(entry.call.clone()),
        outbox: vec![OutboxWrite::Put(entry.clone())],
        ..Together::default()
    };
    let work = {
        let desk = desk.clone();
        async move {
            record_with(&desk, Vec::new(), together).await?;
            Ok(deliver(&desk, &entry.id).await?)
        }
    };
    desk.tasks().run(TaskKind::Change, work).await?;
    let row = AuditRow::new(desk.now(), &caller, "owed.retry", format!("call:{}", call.id))
        .about(agent.as_ref())
        .in_request(from.request);
    desk.store().append_audit(vec![row]).await?;
    let owed = named(&desk, &caller.scope, &id).await?;
    owed.map(|owed| Json(owed.into())).ok_or_else(|| no_such("disposition"))
}

/// Takes one over from its agent, who then owes it no more. It is given by `POST /api/calls/{ucid}/disposition`.
#[utoipa::path(
    post,
    path = "/api/owed/{id}/take",
    tag = "agents",
    params(("id" = String, Path, description = "The id")),
    extensions(("x-allow" = json!("supervisor:team"))),
    responses(
        (status = 200, description = "Taken over", body = OwedView),
        (status = 404, description = "Nothing of that id is owed"),
    ),
)]
pub(super) async fn take(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<OwedView>, Problem> {
    let owed = named(&desk, &caller.scope, &id).await?;
    let owed = owed.ok_or_else(|| no_such("disposition"))?;
    if !take_over(&desk, &owed, &caller.id).await? {
        return Err(no_such("disposition"));
    }
    let row = AuditRow::new(desk.now(), &caller, "owed.take", format!("call:{}", owed.call.id))
        .about(owed.agent.as_ref())
        .in_request(from.request);
    desk.store().append_audit(vec![row]).await?;
    Ok(Json(OwedDisposition { taken_by: Some(caller.id), ..owed }.into()))
}
