//! Dispositions that are owed: calls that are over and of which nothing was said, and what was said and has not arrived.

use std::cmp::Reverse;

use ozonetel_sdk::types::AgentId;
use serde_json::json;

use crate::core::call::CallState;
use crate::core::caller::{Scope, agent_key};
use crate::core::outbox::{OutboxEntry, REPORT};
use crate::desk::Desk;
use crate::store::owed::OwedCall;
use crate::store::{Audience, NewEvent, OutboxWrite, StoreError, StoredCall};

/// How many are looked at.
const MOST: u32 = 5_000;

/// The event that something is owed, or is no more.
const CHANGED: &str = "owed.changed";

/// A disposition that is owed.
#[derive(Debug, Clone)]
pub struct OwedDisposition {
    /// The call.
    pub call: StoredCall,
    /// The agent whose it is: who said it, else who owes a word.
    pub agent: Option<AgentId>,
    /// What was said and has not arrived; `None` where nothing was said.
    pub entry: Option<OutboxEntry>,
    /// The user who has taken it over from the agent.
    pub taken_by: Option<String>,
}

impl OwedDisposition {
    /// What it is named by: the entry's id, else the call's, with the agent's where that one handed the call on.
    pub fn id(&self) -> String {
        match &self.entry {
            Some(entry) => entry.id.clone(),
            None => id_of(&self.call, self.agent.as_ref()),
        }
    }

    /// Whether it is one of the agents in a scope who owes it. What is of the whole call is of all who see that.
    fn is_in(&self, scope: &Scope) -> bool {
        self.agent.as_ref().is_none_or(|agent| scope.contains(agent))
    }

    /// Since when it has been owed.
    pub fn since_ms(&self) -> i64 {
        let state = &self.call.state;
        let part = self.agent.as_ref().and_then(|agent| state.part_of(agent));
        let ended_ms = part.map(|part| part.wrapup.started_ms).or(state.ended_ms);
        self.entry.as_ref().map(|entry| entry.created_ms).or(ended_ms).unwrap_or(0)
    }

    /// Whether an agent owes it still.
    pub fn is_owed_by(&self, agent: &AgentId) -> bool {
        self.taken_by.is_none() && self.agent.as_ref().is_some_and(|own| own.is_same_agent(agent))
    }
}

/// The id of what an agent owes of a call of which the agent has said nothing.
fn id_of(call: &StoredCall, agent: Option<&AgentId>) -> String {
    let part = agent.and_then(|agent| call.state.part_of(agent));
    part.map_or_else(|| call.id.clone(), |part| [&call.id, ":", &agent_key(&part.agent)].concat())
}

/// The agent who said what an entry has to deliver; `None` for what is of the whole call.
pub(super) fn said_by(entry: &OutboxEntry, call: &CallState) -> Option<AgentId> {
    let key = Some(&entry.agent).filter(|key| !key.is_empty())?;
    let known = call.agents.iter().find(|agent| agent_key(agent) == *key);
    Some(known.cloned().unwrap_or_else(|| AgentId::from(key.as_str())))
}

/// What an entry of the outbox has to deliver, as it is owed.
///
/// # Errors
/// The store is not available.
pub async fn of_entry(
    desk: &Desk,
    call: StoredCall,
    entry: OutboxEntry,
) -> Result<OwedDisposition, StoreError> {
    let agent = said_by(&entry, &call.state).or_else(|| call.state.agent.clone());
    let taken_by = desk.store().owed_taker(&call.id, agent.as_ref()).await?;
    Ok(OwedDisposition { call, agent, entry: Some(entry), taken_by })
}

/// What is named by an id, whether or not it is still owed: an entry, a call, or a call and an agent who handed it on.
///
/// # Errors
/// The store is not available.
pub async fn named(
    desk: &Desk,
    scope: &Scope,
    id: &str,
) -> Result<Option<OwedDisposition>, StoreError> {
    let store = desk.store();
    if let Some(entry) = store.outbox_entry(id).await? {
        let Some(call) = store.call(&entry.call, scope).await? else { return Ok(None) };
        let found = of_entry(desk, call, entry).await?;
        return Ok(Some(found).filter(|found| found.is_in(scope)));
    }
    let (id, key) = id.split_once(':').map_or((id, None), |(id, key)| (id, Some(key)));
    let Some(call) = store.call(id, scope).await? else { return Ok(None) };
    let agent = match key {
        Some(key) => {
            let part = call.state.part_of(&key.into()).map(|part| part.agent.clone());
            let Some(agent) = part else { return Ok(None) };
            Some(agent)
        }
        None => call.state.agent.clone(),
    };
    let taken_by = store.owed_taker(&call.id, agent.as_ref()).await?;
    let found = OwedDisposition { call, agent, entry: None, taken_by };
    Ok(Some(found).filter(|found| found.is_in(scope)))
}

/// What is owed in a scope, at most so much: first what no one has taken over, the newest first.
///
/// # Errors
/// The store is not available.
pub async fn owed(
    desk: &Desk,
    scope: &Scope,
    most: u32,
) -> Result<Vec<OwedDisposition>, StoreError> {
    let store = desk.store();
    let mut all = Vec::new();
    for entry in store.owed(scope, most).await? {
        let Some(call) = store.call(&entry.call, scope).await? else { continue };
        all.extend(Some(of_entry(desk, call, entry).await?).filter(|found| found.is_in(scope)));
    }
    for OwedCall { call, agent, taken_by } in store.owed_calls(scope, most).await? {
        all.push(OwedDisposition { call, agent: Some(agent), entry: None, taken_by });
    }
    all.sort_by_key(|one| (one.taken_by.is_some(), Reverse(one.since_ms())));
    all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(all)
}

/// Takes an owed disposition over from its agent; whether it is owed.
///
/// # Errors
/// The store is not available.
pub async fn take(desk: &Desk, owed: &OwedDisposition, by: &str) -> Result<bool, StoreError> {
    let (call, agent) = (&owed.call, owed.agent.as_ref());
    let audience = agent.cloned().map_or(Audience::Supervisors, Audience::Agent);
    let body = json!({"id": id_of(call, agent), "ucid": call.id, "state": "taken"});
    let events = vec![NewEvent::new(CHANGED, audience, &body)?];
    desk.store().take_owed_call((&call.id, agent), by, desk.now(), events).await
}

/// Takes over everything that an agent owes; how much that was.
///
/// # Errors
/// The store is not available. What was taken until then stays taken.
pub async fn take_all(desk: &Desk, agent: &AgentId, by: &str) -> Result<usize, StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    let mut taken = 0;
    for one in owed(desk, &scope, MOST).await?.iter().filter(|one| one.is_owed_by(agent)) {
        taken += usize::from(take(desk, one, by).await?);
    }
    Ok(taken)
}

/// The events that report what is owed because a call and entries of the outbox have changed: to who owes it.
pub(super) fn changed(
    before: &CallState,
    call: &StoredCall,
    outbox: &[OutboxWrite],
) -> Result<Vec<NewEvent>, StoreError> {
    let mut events = Vec::new();
    for write in outbox {
        let OutboxWrite::Result(entry) = write else { continue };
        let is_sad_report = entry.kind == REPORT && entry.state.is_sad();
        if entry.kind != "disposition" && !is_sad_report {
            continue;
        }
        let agent = said_by(entry, &call.state).or_else(|| call.state.agent.clone());
        let audience = agent.map_or(Audience::Supervisors, Audience::Agent);
        let body = json!({
            "id": entry.id, "ucid": call.id, "target": entry.target, "state": entry.state,
        });
        events.push(NewEvent::new(CHANGED, audience, &body)?);
    }
    let owes = |call: &CallState, agent: &AgentId| call.owing().any(|one| one.is_same_agent(agent));
    let begun = call.state.owing().filter(|agent| !owes(before, agent));
    let over = before.owing().filter(|agent| !owes(&call.state, agent));
    for agent in begun.chain(over) {
        let id = id_of(call, Some(agent));
        let body = json!({"id": id, "ucid": call.id, "target": "service", "state": "none"});
        events.push(NewEvent::new(CHANGED, Audience::Agent(agent.clone()), &body)?);
    }
    Ok(events)
}
