//! Which sources of agents' states are alive.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use ozonetel_sdk::types::AgentId;

use crate::core::caller::agent_key;

/// Which sources would report a change of an agent's state now.
#[derive(Debug, Default)]
pub struct StateSources {
    agents: Mutex<BTreeSet<String>>,
    all: Mutex<Option<i64>>,
}

/// For how long a subscription counts as alive after its last event.
const ALIVE_MS: i64 = 60_000;

impl StateSources {
    /// Says whether a source that speaks of one agent is alive.
    pub fn watch(&self, agent: &AgentId, alive: bool) {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if alive {
            agents.insert(agent_key(agent));
        } else {
            agents.remove(&agent_key(agent));
        }
    }

    /// Of how many agents a source that speaks of them alone is alive.
    pub fn links_up(&self) -> usize {
        self.agents.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Notes that the subscription has sent something.
    pub fn heard(&self, at_ms: i64) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        *all = (*all).max(Some(at_ms));
    }

    /// Whether a source is alive that would report a change of an agent's state.
    pub fn is_watched(&self, agent: &AgentId, now_ms: i64) -> bool {
        let all = *self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.is_some_and(|at| now_ms.saturating_sub(at) < ALIVE_MS)
            || self
                .agents
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(&agent_key(agent))
    }
}
