//! Dispositions that have not reached where they belong.

use axum::Json;
use axum::extract::{Path, State};
use ozonetel_sdk::types::redact_number;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::no_such;
use crate::core::caller::Caller;
use crate::core::outbox::{OutboxEntry, again};
use crate::desk::Desk;
use crate::flow::delivering::deliver;
use crate::flow::facts::{Together, record_with};
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
    /// The oldest first, at most 500.
    owed: Vec<OwedView>,
}

/// A disposition that has not reached where it belongs.
#[derive(Serialize, ToSchema)]
pub(super) struct OwedView {
    /// The id, to repeat it by.
    id: String,
    /// The call.
    ucid: String,
    /// Whose call it was.
    agent: String,
    /// The number, masked.
    masked: String,
    /// The code that was chosen.
    code: Option<String>,
    /// The account's disposition it stands for.
    name: Option<String>,
    /// Whom it is for: `service` or `platform`.
    target: &'static str,
    /// `already`, `overtaken`, `refused`, `given_up`; after a repetition `pending` or `sent`.
    state: &'static str,
    /// What the target said last.
    message: Option<String>,
    /// When it was stored, in milliseconds since 1970.
    at: i64,
}

async fn view(desk: &Desk, caller: &Caller, entry: OutboxEntry) -> Result<OwedView, Problem> {
    let call = desk.store().call(&entry.call, &caller.scope).await?;
    let state = call.ok_or_else(|| no_such("disposition"))?.state;
    let name = entry.payload.get("disposition").and_then(Value::as_str);
    Ok(OwedView {
        ucid: entry.call,
        agent: state.agent.map(|agent| agent.as_str().to_owned()).unwrap_or_default(),
        masked: state.number.map(|number| redact_number(number.as_str())).unwrap_or_default(),
        code: state.disposition.map(|given| given.said.code),
        name: name.map(str::to_owned),
        target: entry.target.as_str(),
        state: entry.state.as_str(),
        message: entry.message,
        at: entry.created_ms,
        id: entry.id,
    })
}

/// Dispositions that have not reached where they belong: of the agent's own calls, or the team's.
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
    let mut owed = Vec::new();
    for entry in desk.store().owed(&caller.scope, MOST).await? {
        owed.push(view(&desk, &caller, entry).await?);
    }
    Ok(Json(OwedList { owed }))
}

/// Sends one again.
#[utoipa::path(
    post,
    path = "/api/owed/{id}/retry",
    tag = "agents",
    params(("id" = String, Path, description = "The id")),
    extensions(("x-allow" = json!("agent:own"))),
    responses(
        (status = 200, description = "Sent again, or about to be", body = OwedView),
        (status = 404, description = "There is no such disposition"),
        (status = 409, description = "It has arrived, or is on its way"),
    ),
)]
pub(super) async fn retry(
    State(desk): State<Desk>,
    caller: Caller,
    from: RequestOrigin,
    Path(id): Path<String>,
) -> Result<Json<OwedView>, Problem> {
    let entry = desk.store().outbox_entry(&id).await?.ok_or_else(|| no_such("disposition"))?;
    let call = desk.store().call(&entry.call, &caller.scope).await?;
    let call = call.ok_or_else(|| no_such("disposition"))?;
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
        .about(call.state.agent.as_ref())
        .in_request(from.request);
    desk.store().append_audit(vec![row]).await?;
    let entry = desk.store().outbox_entry(&id).await?.ok_or_else(|| no_such("disposition"))?;
    view(&desk, &caller, entry).await.map(Json)
}
