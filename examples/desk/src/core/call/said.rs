//! What agents said about a call, and what of it the service has. More than one may: who was rung and did not answer
//! has a leg of their own.

use std::collections::BTreeMap;

use ozonetel_sdk::phone_call::PhoneCall;
use ozonetel_sdk::types::{AgentId, DispositionName};

use super::state::DispositionState;
use crate::core::caller::agent_key;
use crate::core::fact::{ActionFact, DisposeAction};

/// What was said, by agent.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The latest of each agent.
    given: Vec<DispositionState>,
    /// Who disposed of a call that was over by then, as the service said, and when.
    over: Vec<(AgentId, i64)>,
}

/// What the service has of each agent's part, by the agent's key. What it says of no one in particular is of the only one
/// there.
pub(super) fn service_has(
    phone: &PhoneCall,
    agents: &[AgentId],
) -> BTreeMap<String, DispositionName> {
    let said = phone.disposition().filter(|name| !name.as_str().trim().is_empty());
    let of_only = said.filter(|_| agents.len() == 1);
    let of = |agent| Some((agent_key(agent), phone.disposition_of(agent).or(of_only)?.clone()));
    agents.iter().filter_map(of).collect()
}

/// What the service has of the part of the agent whose call it is. A callback does not say whose its word is: it is not
/// this agent's where the rows have the same of a colleague.
pub(super) fn service_disposition<'a>(
    phone: &'a PhoneCall,
    agent: Option<&AgentId>,
) -> Option<&'a DispositionName> {
    let said = phone.disposition().filter(|name| !name.as_str().trim().is_empty());
    let Some(agent) = agent else { return said };
    let is_of_colleague = |said: &&DispositionName| {
        let has = |name: Option<&DispositionName>| name.is_some_and(|name| name == *said);
        let mut having = phone.rows().filter(|row| has(row.disposition.as_ref()));
        having.any(|row| row.agent_id.as_ref().is_some_and(|other| !other.is_same_agent(agent)))
    };
    phone.disposition_of(agent).or_else(|| said.filter(|said| !is_of_colleague(said)))
}

/// The service's word that the wrap-up limit had passed.
#[derive(Clone, Copy)]
pub(super) struct Overrun {
    pub(super) limit_sec: Option<u32>,
}

impl Overrun {
    /// Whether this is that word.
    pub(super) fn of(name: &DispositionName) -> Option<Self> {
        let limit = name.as_str().split_once(':').map(|(_, limit)| limit.trim());
        let limit_sec = limit.and_then(|limit| limit.parse().ok());
        name.is_automatic().then_some(Self { limit_sec })
    }
}

/// Whether the service did not take it: then it may be said again.
fn ended_badly(given: &DispositionState) -> bool {
    let state = given.targets.get("service").map(String::as_str);
    matches!(state, Some("refused" | "given_up" | "overtaken"))
}

impl Said {
    /// An agent says something. A second one counts only where the first has ended badly.
    pub(super) fn by(&mut self, acted: &ActionFact, said: &DisposeAction, at: i64) {
        let own = |known: &DispositionState| known.agent.is_same_agent(&acted.agent);
        if self.given.iter().any(|known| own(known) && !ended_badly(known)) {
            return;
        }
        self.given.retain(|known| !own(known));
        self.given.push(DispositionState {
            said: said.clone(),
            at_ms: at,
            by: acted.by.clone(),
            agent: acted.agent.clone(),
            targets: ["service", "platform"]
                .map(|target| (target.to_owned(), "pending".to_owned()))
                .into(),
        });
    }

    /// What an agent said.
    pub(super) fn of(&self, agent: &AgentId) -> Option<&DispositionState> {
        self.given.iter().find(|known| known.agent.is_same_agent(agent))
    }

    /// What an agent said has come to an end at a target: the platform is told of the call, the service of an agent's leg.
    pub(super) fn delivered(
        &mut self,
        agent: &AgentId,
        (target, state): (&str, &str),
        over_ms: Option<i64>,
    ) {
        self.over.extend(over_ms.map(|at| (agent.clone(), at)));
        let given = self.given.iter_mut();
        for given in given.filter(|one| target != "service" || one.agent.is_same_agent(agent)) {
            given.targets.insert(target.to_owned(), state.to_owned());
        }
    }

    /// The agent is on the call: it was not over.
    pub(super) fn goes_on(&mut self) {
        self.over.clear();
    }

    /// What counts: what the agent said who talked, else the first that has not ended badly; and when the service said
    /// that the call was over. Whoever was rung and did not answer is done with it before the one who did.
    pub(super) fn counts(
        mut self,
        talked: Option<&AgentId>,
    ) -> (Option<DispositionState>, Vec<i64>) {
        let is_of = |agent: &AgentId| talked.is_some_and(|talked| talked.is_same_agent(agent));
        let of_who_talked = self.given.iter().position(|given| is_of(&given.agent));
        let first = || self.given.iter().position(|given| !ended_badly(given));
        let counts = of_who_talked.or_else(first).or(self.given.len().checked_sub(1));
        let over = self.over.iter().filter(|(agent, _)| talked.is_none() || is_of(agent));
        let over = over.map(|(_, at)| *at).collect();
        (counts.map(|counts| self.given.swap_remove(counts)), over)
    }
}
