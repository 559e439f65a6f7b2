//! The legs of a call: which is whose, and which have ended.

use std::collections::BTreeMap;

use ozonetel_sdk::types::{AgentId, Ucid};

/// What events, pushes and rows say of each leg.
#[derive(Default)]
pub(super) struct Legs(BTreeMap<Option<Ucid>, Leg>);

#[derive(Clone, Copy)]
struct Leg {
    /// When it was rung or answered, as was heard last.
    seen_ms: i64,
    ended_ms: Option<i64>,
}

impl Legs {
    /// It is rung, or was answered.
    pub(super) fn goes_on(&mut self, leg: Option<Ucid>, at: i64) {
        self.0.insert(leg, Leg { seen_ms: at, ended_ms: None });
    }

    /// There is such a leg.
    pub(super) fn known(&mut self, leg: Option<Ucid>, at: i64) {
        self.0.entry(leg).or_insert(Leg { seen_ms: at, ended_ms: None });
    }

    /// It has ended: all of them, where none is named.
    pub(super) fn ended(&mut self, leg: Option<Ucid>, at: i64) {
        self.known(leg, at);
        let all = self.0.iter_mut().filter(|(name, _)| leg.is_none() || **name == leg);
        all.for_each(|(_, leg)| leg.ended_ms = leg.ended_ms.max(Some(at)));
    }

    /// When the last one ended, if all have.
    pub(super) fn all_ended_ms(&self) -> Option<i64> {
        let last = self.0.values().filter_map(|leg| leg.ended_ms).max();
        last.filter(|_| self.0.values().all(|leg| leg.ended_ms.is_some()))
    }

    /// When one ended.
    pub(super) fn ended_ms(&self, leg: Ucid) -> Option<i64> {
        self.0.get(&Some(leg))?.ended_ms
    }

    /// Whether one that has a name was rung or answered at this time or later, and has not ended.
    pub(super) fn any_goes_on_since(&self, at: i64) -> bool {
        let goes_on = |leg: &Leg| leg.ended_ms.is_none() && leg.seen_ms >= at;
        self.0.iter().any(|(name, leg)| name.is_some() && goes_on(leg))
    }
}

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
