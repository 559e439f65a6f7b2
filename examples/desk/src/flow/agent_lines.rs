//! The agents' links that this desk has now, to send over, and the tabs that carry one.

mod late;
pub mod tab;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ozonetel_sdk::mdl::{SocketSender, Token};
use ozonetel_sdk::types::AgentId;

use crate::core::caller::agent_key;
use late::LateReplies;

/// An agent's link, to send over.
pub struct AgentLine {
    sender: SocketSender,
    late: Mutex<LateReplies>,
}

impl fmt::Debug for AgentLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentLine").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl AgentLine {
    /// What sends over it.
    pub fn sender(&self) -> &SocketSender {
        &self.sender
    }

    /// A dial was sent under this id, and it is not known what became of it: its reply may come late.
    pub(super) fn expect(&self, utid: &str, dial: &str) -> Option<Token> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).expect(utid, dial)
    }

    /// The dial that a late reply is to, if it is known already.
    pub(super) fn arrived(&self, reply: &Token) -> Option<String> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).arrived(reply)
    }
}

/// The links that this desk has now, by agent.
#[derive(Debug, Default)]
pub struct AgentSockets {
    lines: Mutex<BTreeMap<String, Arc<AgentLine>>>,
    tabs: tab::Tabs,
}

impl AgentSockets {
    /// An agent's link.
    pub fn line(&self, agent: &AgentId) -> Option<Arc<AgentLine>> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.get(&agent_key(agent)).cloned()
    }

    /// The tabs that carry a connection.
    pub fn tabs(&self) -> &tab::Tabs {
        &self.tabs
    }

    pub(super) fn keep(&self, agent: &AgentId, sender: SocketSender) -> Arc<AgentLine> {
        let line = Arc::new(AgentLine { sender, late: Mutex::default() });
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.insert(agent_key(agent), Arc::clone(&line));
        line
    }

    pub(super) fn forget(&self, agent: &AgentId, line: &Arc<AgentLine>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.get(&agent_key(agent)).is_some_and(|known| Arc::ptr_eq(known, line)) {
            lines.remove(&agent_key(agent));
        }
    }
}
