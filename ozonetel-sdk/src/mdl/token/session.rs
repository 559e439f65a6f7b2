//! Whose socket it is, which session the service gave it, and what was last known about the agent.

use std::fmt;

use serde_json::{Map, Value};

use crate::types::ids::AgentId;

/// The agent whose socket it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentIdentity {
    /// The account's name.
    pub customer: Box<str>,
    /// The agent's login name.
    pub id: AgentId,
    /// The agent's numeric id.
    pub uniq_id: u64,
}

impl AgentIdentity {
    /// An agent of an account.
    pub fn new(customer: impl Into<Box<str>>, id: impl Into<AgentId>, uniq_id: u64) -> Self {
        Self { customer: customer.into(), id: id.into(), uniq_id }
    }
}

/// The session that the service gave this connection; without it, the service does not know to which browser the
/// INVITE goes.
/// `Debug` shows no value.
#[derive(Clone, PartialEq, Eq)]
pub struct AgentSession {
    pub(crate) us_id: Box<str>,
    pub(crate) browser_session_id: Box<str>,
}

impl AgentSession {
    /// `usId`.
    pub fn us_id(&self) -> &str {
        &self.us_id
    }

    /// `browserSessionId`.
    pub fn browser_session_id(&self) -> &str {
        &self.browser_session_id
    }

    /// Puts agent and session into a token that lacks them.
    pub(crate) fn stamp(&self, agent: &AgentIdentity, fields: &mut Map<String, Value>) {
        let values = [
            ("customer", Value::from(&*agent.customer)),
            ("agentId", Value::from(agent.id.as_str())),
            ("agentUniqId", Value::from(agent.uniq_id)),
            ("browserSessionId", Value::from(&*self.browser_session_id)),
            ("usId", Value::from(&*self.us_id)),
        ];
        for (name, value) in values {
            fields.entry(name).or_insert(value);
        }
    }
}

impl fmt::Debug for AgentSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caller_set_is_not_overwritten() {
        let session = AgentSession { us_id: "u".into(), browser_session_id: "b".into() };
        let mut fields = Map::new();
        fields.insert("usId".into(), "mine".into());
        session.stamp(&AgentIdentity::new("acme_support", "agent01", 1001), &mut fields);
        assert_eq!(fields["usId"], "mine");
        assert_eq!(fields["agentUniqId"], 1001);
    }
}
