//! Dispositions that are owed: calls that are over and of which nothing was said, and what was said and has not arrived.

use ozonetel_sdk::types::AgentId;
use serde_json::json;

use crate::core::call::CallState;
use crate::core::caller::{Scope, agent_key};
use crate::core::outbox::OutboxEntry;
use crate::desk::Desk;
use crate::store::{Audience, NewEvent, StoreError, StoredCall};

/// How many are looked at.
const MOST: u32 = 5_000;

/// A disposition that is owed.
#[derive(Debug, Clone)]
pub struct OwedDisposition {
    /// The call.
    pub call: StoredCall,
    /// What was said and has not arrived; `None` where nothing was said.
    pub entry: Option<OutboxEntry>,
    /// The user who has taken it over from the call's agent.
    pub taken_by: Option<String>,
}

impl OwedDisposition {
    /// What it is named by: the entry's id, else the call's.
    pub fn id(&self) -> &str {
        self.entry.as_ref().map_or(&self.call.id, |entry| &entry.id)
    }

    /// Since when it has been owed.
    pub fn since_ms(&self) -> i64 {
        self.entry
            .as_ref()
            .map_or(self.call.state.ended_ms, |entry| Some(entry.created_ms))
            .unwrap_or(0)
    }

    /// The agent whose it is: who said it, else who had the call.
    pub fn agent(&self) -> Option<AgentId> {
        let said = self.entry.as_ref().and_then(|entry| said_by(entry, &self.call.state));
        said.or_else(|| self.call.state.agent.clone())
    }

    /// Whether an agent owes it still.
    pub fn is_owed_by(&self, agent: &AgentId) -> bool {
        self.taken_by.is_none() && self.agent().is_some_and(|own| own.is_same_agent(agent))
    }
}

/// The agent who said what an entry has to deliver; `None` for what is of the whole call.
pub(super) fn said_by(entry: &OutboxEntry, call: &CallState) -> Option<AgentId> {
    let key = Some(&entry.agent).filter(|key| !key.is_empty())?;
    let known = call.agents.iter().find(|agent| agent_key(agent) == *key);
    Some(known.cloned().unwrap_or_else(|| AgentId::from(key.as_str())))
}

/// What is owed in a scope, the oldest first, at most so much.
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
        let taken_by = store.owed_taker(&call.id).await?;
        all.push(OwedDisposition { call, entry: Some(entry), taken_by });
    }
    for owed in store.owed_calls(scope, most).await? {
        all.push(OwedDisposition { call: owed.call, entry: None, taken_by: owed.taken_by });
    }
    all.sort_by_key(OwedDisposition::since_ms);
    all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(all)
}

/// Takes an owed disposition over from its agent; whether it is owed.
///
/// # Errors
/// The store is not available.
pub async fn take(desk: &Desk, owed: &StoredCall, by: &str) -> Result<bool, StoreError> {
    let audience = owed.state.agent.clone().map_or(Audience::Supervisors, Audience::Agent);
    let body = json!({"id": owed.id, "ucid": owed.id, "state": "taken"});
    let events = vec![NewEvent::new("owed.changed", audience, &body)?];
    desk.store().take_owed_call(&owed.id, by, desk.now(), events).await
}

/// Takes over everything that an agent owes; how much that was.
///
/// # Errors
/// The store is not available. What was taken until then stays taken.
pub async fn take_all(desk: &Desk, agent: &AgentId, by: &str) -> Result<usize, StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    let mut taken = 0;
    for one in owed(desk, &scope, MOST).await?.iter().filter(|one| one.is_owed_by(agent)) {
        taken += usize::from(take(desk, &one.call, by).await?);
    }
    Ok(taken)
}
