//! The parts of agents who handed a call on to a colleague: each has after-call work of the own part.

use ozonetel_sdk::types::{AgentId, DispositionName};

use super::said::{Overrun, Said};
use super::state::{AgentPart, CallPhase, CallState, DispositionState, SipLeg, Wrapup};
use crate::core::caller::agent_key;

/// Who handed the call on, and when.
#[derive(Debug, Clone, Default)]
pub(super) struct HandedOn(Vec<(AgentId, i64)>);

impl HandedOn {
    /// An agent hands the call on to another one. Who gets it back has it.
    pub(super) fn add(&mut self, from: &AgentId, to: &AgentId, at: i64) {
        if !from.is_same_agent(to) {
            self.0.retain(|(known, _)| !known.is_same_agent(from) && !known.is_same_agent(to));
            self.0.push((from.clone(), at));
        }
    }

    /// When an agent handed it on.
    pub(super) fn ended_ms(&self, agent: &AgentId) -> Option<i64> {
        self.0.iter().find(|(known, _)| known.is_same_agent(agent)).map(|(_, at)| *at)
    }

    /// The parts of those who do not have it, and what each said.
    pub(super) fn parts(self, current: Option<&AgentId>, said: &Said) -> Vec<AgentPart> {
        let others = self.0.into_iter();
        let others =
            others.filter(|(agent, _)| !current.is_some_and(|own| own.is_same_agent(agent)));
        others
            .map(|(agent, at)| AgentPart {
                disposition: said.of(&agent).cloned().map(of_part),
                agent,
                phase: CallPhase::AfterCall,
                wrapup: Wrapup { started_ms: at, limit_sec: None, overrun: false },
                owes: true,
            })
            .collect()
    }
}

/// The platform is told of the whole call, by what counts for it.
fn of_part(mut given: DispositionState) -> DispositionState {
    given.targets.remove("platform");
    given
}

impl AgentPart {
    /// Judges it by what the service has of it, and by whether it has written its last word about the call.
    pub(super) fn judge(
        &mut self,
        has: Option<&DispositionName>,
        is_settled: bool,
        limit_sec: Option<u32>,
    ) {
        let exceeded = has.and_then(Overrun::of);
        self.wrapup.limit_sec = limit_sec.or(exceeded.and_then(|overrun| overrun.limit_sec));
        self.wrapup.overrun = exceeded.is_some();
        self.owes = self.disposition.is_none() && (has.is_none() || exceeded.is_some());
        let is_done = self.disposition.as_ref().is_some_and(DispositionState::is_done);
        if is_done || is_settled || has.is_some() {
            self.phase = CallPhase::Closed;
        }
    }
}

impl CallState {
    /// The part of an agent who handed it on.
    pub fn part_of(&self, agent: &AgentId) -> Option<&AgentPart> {
        self.parts.iter().find(|part| part.agent.is_same_agent(agent))
    }

    /// An agent's after-call work.
    pub fn after_call_of(&self, agent: &AgentId) -> Option<Wrapup> {
        if self.agent.as_ref().is_some_and(|own| own.is_same_agent(agent)) {
            return self.wrapup.filter(|_| self.phase == CallPhase::AfterCall);
        }
        let part = self.part_of(agent).filter(|part| part.phase == CallPhase::AfterCall);
        part.map(|part| part.wrapup)
    }

    /// The state of an agent's phone.
    pub fn phone_of(&self, agent: &AgentId) -> SipLeg {
        let is_current = || self.agent.as_ref().is_some_and(|own| own.is_same_agent(agent));
        let known = self.phones.get(&agent_key(agent)).copied();
        known.or_else(|| is_current().then_some(self.sip)).unwrap_or_default()
    }

    /// Whether the dial that made it keeps its agent from the next one no longer: it is over, or was handed on.
    pub fn is_done_with_dial(&self) -> bool {
        let agent = self.dial_agent.as_ref();
        self.is_ended() || agent.is_some_and(|agent| self.part_of(agent).is_some())
    }

    /// What the service has of an agent's part.
    pub(super) fn service_has_of(&self, agent: &AgentId) -> Option<&DispositionName> {
        self.service_has.get(&agent_key(agent))
    }

    /// The agents who owe a disposition: whose call it is, once it is over, and those who handed it on.
    pub fn owing(&self) -> impl Iterator<Item = &AgentId> {
        let own = self.agent.as_ref().filter(|_| self.owes_disposition());
        own.into_iter().chain(self.parts.iter().filter(|part| part.owes).map(|part| &part.agent))
    }

    /// What was said about it: of each agent who handed it on, and what counts for the call.
    pub fn words(&self) -> impl Iterator<Item = &DispositionState> {
        let is_of_part = |given: &&DispositionState| self.part_of(&given.agent).is_some();
        let counts = self.disposition.as_ref().filter(|given| !is_of_part(given));
        counts.into_iter().chain(self.parts.iter().filter_map(|part| part.disposition.as_ref()))
    }

    /// What an agent said about it.
    pub fn word_of(&self, agent: &AgentId) -> Option<&DispositionState> {
        self.words().find(|given| given.agent.is_same_agent(agent))
    }
}
