//! Which leg of a call is whose.

use ozonetel_sdk::types::{AgentId, Ucid};

/// The leg on which each agent was rung last.
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
        match self.find(agent) {
            Some(known) if known.by_phone => {}
            Some(known) => known.ucid = ucid,
            None => self.0.push(AgentLeg { agent: agent.clone(), ucid, by_phone: false }),
        }
    }

    /// The agent's softphone says so.
    pub(super) fn phone_says(&mut self, agent: &AgentId, ucid: Ucid) {
        self.0.retain(|known| !known.agent.is_same_agent(agent));
        self.0.push(AgentLeg { agent: agent.clone(), ucid, by_phone: true });
    }

    /// The agent's leg.
    pub(super) fn of(&self, agent: &AgentId) -> Option<Ucid> {
        let known = self.0.iter().find(|known| known.agent.is_same_agent(agent))?;
        Some(known.ucid)
    }

    fn find(&mut self, agent: &AgentId) -> Option<&mut AgentLeg> {
        self.0.iter_mut().find(|known| known.agent.is_same_agent(agent))
    }
}
