//! Agents, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::Memory;
use crate::core::caller::{Scope, agent_key};
use crate::store::agents::{Agents, KeptAgent};
use crate::store::error::StoreError;
use crate::store::events::NewEvent;
use crate::store::work::Versioned;

#[derive(Debug, Default)]
pub(super) struct AgentTable(BTreeMap<String, Versioned<KeptAgent>>);

#[async_trait]
impl Agents for Memory {
    async fn kept_agent(
        &self,
        agent: &AgentId,
    ) -> Result<Option<Versioned<KeptAgent>>, StoreError> {
        self.read(|state| Ok(state.agents.0.get(&agent_key(agent)).cloned()))
    }

    async fn kept_agents(&self, scope: &Scope) -> Result<Vec<Versioned<KeptAgent>>, StoreError> {
        self.read(|state| {
            let all = state.agents.0.values();
            Ok(all.filter(|kept| scope.contains(&kept.record.agent)).cloned().collect())
        })
    }

    async fn save_agent(
        &self,
        kept: Versioned<KeptAgent>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write(|state| {
            let Versioned { version, record } = kept;
            let key = agent_key(&record.agent);
            if state.agents.0.get(&key).map_or(0, |known| known.version) != version {
                return Err(StoreError::Conflict("agent"));
            }
            state.agents.0.insert(key, Versioned { version: version + 1, record });
            state.events.append(at, events);
            Ok(version + 1)
        })
    }
}
