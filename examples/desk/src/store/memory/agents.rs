//! Agents, in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::Memory;
use crate::core::agent::StateWord;
use crate::core::caller::{Scope, agent_key};
use crate::store::agents::{Agents, KeptAgent};
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::work::Versioned;

#[derive(Debug, Default)]
pub(super) struct AgentTable {
    kept: BTreeMap<String, Versioned<KeptAgent>>,
    words: BTreeSet<(String, StateWord)>,
}

#[async_trait]
impl Agents for Memory {
    async fn kept_agent(
        &self,
        agent: &AgentId,
    ) -> Result<Option<Versioned<KeptAgent>>, StoreError> {
        self.read(|state| Ok(state.agents.kept.get(&agent_key(agent)).cloned())).await
    }

    async fn kept_agents(&self, scope: &Scope) -> Result<Vec<Versioned<KeptAgent>>, StoreError> {
        self.read(|state| {
            let all = state.agents.kept.values();
            Ok(all.filter(|kept| scope.contains(&kept.record.agent)).cloned().collect())
        })
        .await
    }

    async fn save_agent(
        &self,
        kept: Versioned<KeptAgent>,
        at: i64,
        words: Vec<StateWord>,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write(|state| {
            let Versioned { version, record } = kept;
            let key = agent_key(&record.agent);
            if state.agents.kept.get(&key).map_or(0, |known| known.version) != version {
                return Err(StoreError::Conflict("agent"));
            }
            let words =
                words.into_iter().map(|word| (key.clone(), StateWord { reason: None, ..word }));
            state.agents.words.extend(words);
            state.agents.kept.insert(key, Versioned { version: version + 1, record });
            state.events.append(at, events);
            Ok(version + 1)
        })
        .await
    }
    async fn agent_words(
        &self,
        scope: &Scope,
        from: i64,
        until: i64,
    ) -> Result<BTreeMap<String, Vec<StateWord>>, StoreError> {
        self.read(|state| {
            let mut all: BTreeMap<String, Vec<StateWord>> = BTreeMap::new();
            for (key, word) in &state.agents.words {
                if word.at_ms < until && scope.contains(&key.as_str().into()) {
                    all.entry(key.clone()).or_default().push(word.clone());
                }
            }
            for words in all.values_mut() {
                let last = words.iter().map(|word| word.at_ms).filter(|at| *at <= from).max();
                words.retain(|word| word.at_ms >= last.unwrap_or(0));
            }
            all.retain(|_, words| !words.is_empty());
            Ok(all)
        })
        .await
    }

    async fn forget_agent_words(&self, before: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let known = state.agents.words.len();
            state.agents.words.retain(|(_, word)| word.at_ms >= before);
            Ok((known - state.agents.words.len()) as u64)
        })
        .await
    }
}
