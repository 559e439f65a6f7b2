//! Which hand-off of a voice assistant a phone call is.

use std::sync::Arc;

use serde_json::{Value, json};

use ozonetel_sdk::types::{AgentId, redact_number};

use crate::core::call::{CallPhase, CallState};
use crate::core::caller::Scope;
use crate::core::handoff::{HandoffRow, REFERENCE, like, named_by};
use crate::core::profile::LASTS_SEC;
use crate::desk::Desk;
use crate::store::{Audience, NewEvent, StoreError};

/// How many live calls of an agent are looked at.
const MOST: u32 = 64;

/// Whether a change of a call can show which hand-off it is.
pub(super) fn may_change(before: &CallState, after: &CallState) -> bool {
    after.phase != CallPhase::Closed
        && (before.agent != after.agent
            || before.number != after.number
            || before.uui != after.uui
            || before.ids != after.ids
            || before.direction != after.direction)
}

/// When a hand-off that still waits for its call was last written at the earliest.
fn since(now_ms: i64) -> i64 {
    now_ms.saturating_sub(i64::try_from(LASTS_SEC).unwrap_or(i64::MAX).saturating_mul(1000))
}

/// The hand-off that one of these ids of a call was found to be.
///
/// # Errors
/// The store is not available.
pub(super) async fn joined(desk: &Desk, ids: &[String]) -> Result<Option<HandoffRow>, StoreError> {
    for id in ids {
        if let Some(row) = desk.store().handoff_of_call(id).await? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The hand-off that waits for this call, if it is one and is none yet.
///
/// # Errors
/// The store is not available.
pub(super) async fn find(
    desk: &Desk,
    own: &[String],
    state: &CallState,
    now_ms: i64,
) -> Result<Option<HandoffRow>, StoreError> {
    let named = match state.uui.as_deref().map(str::trim) {
        Some(uui) if uui.starts_with(REFERENCE) => desk.store().handoff(uui).await?,
        _ => None,
    };
    let mut waiting = match &state.agent {
        Some(agent) => desk.store().waiting_handoffs(agent, since(now_ms)).await?,
        None => Vec::new(),
    };
    waiting.extend(named);
    if waiting.is_empty() || joined(desk, own).await?.is_some() {
        return Ok(None);
    }
    if let Some(named) = named_by(state, &waiting, now_ms) {
        return Ok(Some(named.clone()));
    }
    let by_number = desk.settings().customers.by_number;
    let Some(agent) = state.agent.as_ref().filter(|_| by_number) else { return Ok(None) };
    let others = others(desk, agent, own).await?;
    Ok(like(state, &waiting, &others, now_ms).cloned())
}

/// The agent's other live calls that are no hand-off's.
async fn others(
    desk: &Desk,
    agent: &AgentId,
    own: &[String],
) -> Result<Vec<Arc<CallState>>, StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    let mut others = Vec::new();
    for call in desk.store().live_calls(&scope, MOST).await? {
        let is_over = call.state.is_ended() || own.contains(&call.id);
        if !is_over && desk.store().handoff_of_call(&call.id).await?.is_none() {
            others.push(call.state);
        }
    }
    Ok(others)
}

/// The event that says where a profile is to be had.
///
/// # Errors
/// It cannot be written.
pub(super) fn profile_changed(
    row: &HandoffRow,
    agent: &AgentId,
    call: Option<&str>,
) -> Result<NewEvent, StoreError> {
    let body = json!({
        "handoff": row.id,
        "extension": row.extension,
        "callId": row.call_id,
        "callSid": row.leg_sid.as_ref().or(row.call_sid.as_ref()),
        "ucid": call.or(row.call.as_deref()),
        "state": row.state,
    });
    NewEvent::new("profile.changed", Audience::Agent(agent.clone()), &body)
}

/// The event that shows an agent who is about to be rung by a carrier whose calls the desk does not see.
///
/// # Errors
/// It cannot be written.
pub(super) fn popup(row: &HandoffRow) -> Result<NewEvent, StoreError> {
    let body = json!({
        "ucid": null,
        "number": row.profile.phone,
        "did": null,
        "profile": true,
        "callId": row.call_id,
        "callSid": row.leg_sid.as_ref().or(row.call_sid.as_ref()),
        "handoff": row.id,
    });
    popup_of(&row.agent, body, row.profile.phone.as_deref())
}

/// Who calls, for the agent who is rung; the number is masked for those who look after the agent.
///
/// # Errors
/// It cannot be written.
pub(super) fn popup_of(
    agent: &AgentId,
    body: Value,
    number: Option<&str>,
) -> Result<NewEvent, StoreError> {
    let event = NewEvent::new("popup", Audience::Agent(agent.clone()), &body)?;
    let mut masked = body;
    masked["number"] = number.map(redact_number).into();
    event.masked(&masked)
}
