//! The softphones of a call's agents: each has a leg of its own, and one that ends is not another's end.

use ozonetel_sdk::types::AgentId;

use super::state::SipLeg;

/// What is known of each agent's phone, and when each agent's part in the call ended.
#[derive(Debug, Default)]
pub(super) struct Phones {
    /// The one that was seen last is the last.
    seen: Vec<(AgentId, SipLeg)>,
    /// By whom is not always said.
    ended: Vec<(Option<AgentId>, i64)>,
}

fn is_of(agent: &AgentId) -> impl Fn(&AgentId) -> bool + '_ {
    move |known| known.is_same_agent(agent)
}

impl Phones {
    /// An agent's phone is in this state.
    pub(super) fn say(&mut self, agent: &AgentId, sip: SipLeg) {
        self.seen.retain(|(known, _)| !known.is_same_agent(agent));
        self.seen.push((agent.clone(), sip));
    }

    /// The state of an agent's phone; without an agent, of the one that was seen last.
    pub(super) fn of(&self, agent: Option<&AgentId>) -> SipLeg {
        let own = match agent {
            Some(agent) => self.seen.iter().find(|(known, _)| is_of(agent)(known)),
            None => self.seen.last(),
        };
        own.map_or(SipLeg::None, |(_, sip)| *sip)
    }

    /// Whether the phone that was seen last is another agent's.
    pub(super) fn last_is_not_of(&self, agent: &AgentId) -> bool {
        self.seen.last().is_some_and(|(known, _)| !is_of(agent)(known))
    }

    /// An agent's part in the call has ended. It may be heard of more than once.
    pub(super) fn ended(&mut self, agent: &AgentId, at: i64) {
        let agent = Some(agent).filter(|agent| agent.key().is_some());
        self.ended.push((agent.cloned(), at));
    }

    /// An agent is on the call: it was not over.
    pub(super) fn goes_on(&mut self, agent: &AgentId) {
        self.ended.retain(|(known, _)| !known.as_ref().is_none_or(is_of(agent)));
    }

    /// When the part of an agent ended, as was heard last; without an agent, anyone's.
    pub(super) fn ended_ms(&self, agent: Option<&AgentId>) -> Option<i64> {
        let is_own = |known: &Option<AgentId>| match (known, agent) {
            (Some(known), Some(agent)) => known.is_same_agent(agent),
            _ => true,
        };
        self.ended.iter().filter(|(known, _)| is_own(known)).map(|(_, at)| *at).max()
    }
}
