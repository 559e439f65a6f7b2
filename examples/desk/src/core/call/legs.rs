//! Which leg of a call is whose.

use ozonetel_sdk::types::{AgentId, Ucid};

/// The leg on which each agent was rung last, whoever was rung last at the end.
#[derive(Default)]
pub(super) struct AgentLegs(Vec<AgentLeg>);

struct AgentLeg {
    agent: AgentId,
    ucid: Ucid,
    /// Whether the agent's softphone said so: it knows best.
    by_phone: bool,
}

impl AgentLegs {
    /// The service or a dial says so. Without a UCID nothing is said.
    pub(super) fn say(&mut self, agent: &AgentId, ucid: impl Into<Option<Ucid>>) {
        let Some(ucid) = ucid.into() else { return };
        let known = self.take(agent).filter(|known| known.by_phone);
        self.0.push(known.unwrap_or(AgentLeg { agent: agent.clone(), ucid, by_phone: false }));
    }

    /// The agent's softphone says so.
    pub(super) fn phone_says(&mut self, agent: &AgentId, ucid: Ucid) {
        self.take(agent);
        self.0.push(AgentLeg { agent: agent.clone(), ucid, by_phone: true });
    }

    /// The agent's leg.
    pub(super) fn of(&self, agent: &AgentId) -> Option<Ucid> {
        let known = self.0.iter().find(|known| known.agent.is_same_agent(agent))?;
        Some(known.ucid)
    }

    /// The leg of whoever was rung last.
    pub(super) fn last(&self) -> Option<Ucid> {
        self.0.last().map(|last| last.ucid)
    }

    fn take(&mut self, agent: &AgentId) -> Option<AgentLeg> {
        let at = self.0.iter().position(|known| known.agent.is_same_agent(agent))?;
        Some(self.0.remove(at))
    }
}
