//! Telephones of the demo: the simulator's, where it is inside the desk.

use std::fmt;

use ozonetel_sdk::types::AgentId;

/// Who makes calls ring at the simulator's agents.
pub trait DemoPhones: Send + Sync + fmt::Debug {
    /// Whether the agent is ready for a call.
    fn is_ready(&self, agent: &AgentId) -> bool;

    /// Lets a caller ring at an agent, with a reference in the call. Whether it does.
    fn ring(&self, agent: &AgentId, number: &str, reference: &str) -> bool;
}
