//! Who has a call: who answered it, who was asked by that one, and to whom it was handed on.

use ozonetel_sdk::types::{AgentId, PhoneNumber, Ucid};

use super::{Fold, earliest};
use crate::core::call::part::HandedOn;
use crate::core::call::state::{ParticipantState, SipLeg};
use crate::core::transfer::{Transfer, TransferStep};

/// What ends within this time of another end has the same cause.
const AT_ONCE_MS: i64 = 5_000;

/// News of the service may be this late, or its clock as much ahead.
const LATE_MS: i64 = 60_000;

/// A colleague who was rung into a call by the agent who has it, and answered.
#[derive(Clone)]
pub(super) struct Colleague {
    agent: AgentId,
    /// The number under which they were rung.
    number: PhoneNumber,
}

/// An agent hung up where a colleague was on the call: the call as it was. Who hangs up leaves it to the colleague; if
/// the customer has hung up, both phones are dropped.
pub(super) struct Departure {
    from: AgentId,
    to: Colleague,
    at: i64,
    thirds: Vec<(PhoneNumber, ParticipantState, i64)>,
    transfer: Transfer,
    is_transferred: bool,
    handed_on: HandedOn,
}

impl Fold {
    /// There is a conversation, with this agent where one is named.
    pub(super) fn conversation(&mut self, agent: Option<&AgentId>, leg: Option<Ucid>, at: i64) {
        earliest(&mut self.state.answered_ms, at);
        if agent.is_some_and(|agent| self.is_late_word(agent, at)) {
            return;
        }
        self.legs.goes_on(leg, at);
        let Some(agent) = agent else { return };
        self.rung_on.say(agent, leg);
        let Some(number) = self.rung_last().filter(|_| self.is_others(agent)) else {
            self.answered_by = Some(agent.clone());
            return;
        };
        let colleague = Colleague { agent: agent.clone(), number };
        if self.has_left() {
            self.handed_over(&colleague, at);
        } else if !self.consulted.as_ref().is_some_and(|asked| asked.agent.is_same_agent(agent)) {
            self.consulted = Some(colleague);
        }
    }

    /// Whether that an agent is on the call is told after that one has gone: who handed it on, just now, or who was asked
    /// and left, while the one who has it is there.
    fn is_late_word(&self, agent: &AgentId, at: i64) -> bool {
        if !self.is_others(agent) || self.rung_last().is_some() {
            return false;
        }
        let is_gone = self.phones.ended_ms(Some(agent)).is_some();
        let handed_on = self.handed_on.ended_ms(agent).filter(|_| is_gone);
        let has = self.phones.of(self.answered_by.as_ref());
        handed_on.is_some_and(|ended| at.saturating_sub(ended) < LATE_MS)
            || (!self.thirds.is_empty() && matches!(has, SipLeg::Up | SipLeg::NoDevice))
    }

    /// Whether another agent has it.
    pub(super) fn is_others(&self, agent: &AgentId) -> bool {
        self.answered_by.as_ref().is_some_and(|has| !has.is_same_agent(agent))
    }

    /// Whether an agent may have been rung into it as a third party, by the one who has it.
    pub(super) fn is_asked(&self, agent: &AgentId) -> bool {
        self.is_others(agent) && self.rung_last().is_some()
    }

    /// Whether the part of the agent who has it has ended.
    fn has_left(&self) -> bool {
        self.answered_by.as_ref().is_some_and(|has| self.phones.ended_ms(Some(has)).is_some())
    }

    /// The third party that was rung last, of those who may be on.
    fn rung_last(&self) -> Option<PhoneNumber> {
        let on = self.thirds.iter().filter(|(_, state, _)| *state != ParticipantState::Left);
        on.max_by_key(|(.., at)| *at).map(|(number, ..)| number.clone())
    }

    /// What an agent did shows that there is a conversation, of which nothing else may tell.
    pub(super) fn there_is_a_conversation(&mut self, agent: &AgentId, at: i64) {
        if self.answered_by.is_none() && self.state.began_ms.is_some() && agent.key().is_some() {
            earliest(&mut self.state.answered_ms, at);
            self.answered_by = Some(agent.clone());
        }
    }

    /// An agent is rung. If a third party was asked for by another one, and may have been rung, it was.
    pub(super) fn is_rung_into(&mut self, agent: &AgentId, at: i64) {
        let asking = self.asking.take_if(|asking| !asking.is_same_agent(agent));
        if let Some(asking) = asking.filter(|_| self.rung_last().is_some()) {
            self.there_is_a_conversation(&asking, at);
        }
    }

    /// The part of an agent has ended by a command. Whoever was asked by the one who has it, and is there, has it then.
    pub(super) fn leaves(&mut self, agent: &AgentId, at: i64) {
        self.departure.take_if(|known| known.from.is_same_agent(agent));
        self.phones.ended(agent, at);
        // By whom is not always said.
        let is_own = agent.key().is_none() || !self.is_others(agent);
        if let Some(to) = self.consulted.take_if(|_| is_own) {
            self.handed_over(&to, at);
        }
    }

    /// An agent's phone has hung up, or was.
    pub(super) fn hung_up(&mut self, agent: &AgentId, at: i64) {
        self.phones.ended(agent, at);
        if let Some(gone) = self.consulted.take_if(|asked| asked.agent.is_same_agent(agent)) {
            return self.third_left(&gone.number);
        }
        if self.is_others(agent) {
            return;
        }
        if self.takes_back(at).is_some() {
            return;
        }
        let is_over = self.own_leg_is_over();
        if let Some(to) = self.consulted.take_if(|_| !is_over) {
            let departure = self.answered_by.clone().map(|from| Departure {
                from,
                to: to.clone(),
                at,
                thirds: self.thirds.clone(),
                transfer: self.state.transfer.clone(),
                is_transferred: self.state.transferred,
                handed_on: self.handed_on.clone(),
            });
            self.handed_over(&to, at);
            self.departure = departure;
        }
    }

    /// The customer has hung up, if this ends with the phone of who had the call, and no one was left to the colleague,
    /// who is returned.
    fn takes_back(&mut self, at: i64) -> Option<Colleague> {
        let is_at_once = |known: &mut Departure| at.saturating_sub(known.at) < AT_ONCE_MS;
        let known = self.departure.take_if(is_at_once)?;
        self.answered_by = Some(known.from);
        self.thirds = known.thirds;
        self.state.transfer = known.transfer;
        self.state.transferred = known.is_transferred;
        self.handed_on = known.handed_on;
        Some(known.to)
    }

    /// The service says that a leg is over: with who has just hung up, the call.
    pub(super) fn disconnected(&mut self, agent: Option<&AgentId>, leg: Option<Ucid>, at: i64) {
        let is_of = |from: &AgentId| agent.is_none_or(|agent| agent.is_same_agent(from));
        if self.departure.as_ref().is_some_and(|known| is_of(&known.from)) {
            // Who was asked is there as far as is known, and has it if the one who asked says so.
            if let Some(asked) = self.takes_back(at) {
                self.consulted = Some(asked);
            }
        }
        self.leg_over(agent, leg, at);
    }

    /// Whether the service has said that the leg of who has it is over.
    fn own_leg_is_over(&self) -> bool {
        let own = self.answered_by.as_ref().and_then(|has| self.rung_on.of(has));
        own.is_some_and(|leg| self.legs.ended_ms(leg).is_some())
    }

    /// The agent who has it has left it to a colleague, who has no part in the transfer by which it came.
    fn handed_over(&mut self, to: &Colleague, at: i64) {
        if let Some(from) = self.answered_by.replace(to.agent.clone()) {
            let ended_ms = self.phones.ended_ms(Some(&from)).unwrap_or(at);
            self.handed_on.add(&from, &to.agent, ended_ms);
        }
        self.phones.goes_on(&to.agent);
        if let Some(leg) = self.rung_on.of(&to.agent) {
            // Also where the other agent's leg had the same id, and ended.
            self.legs.goes_on(Some(leg), at);
        }
        // The colleague's number is the agent's own from now on.
        self.thirds.retain(|(known, ..)| !known.is_same_number(&to.number));
        self.state.transfer = Transfer::default();
        self.state.transferred = true;
        // Whether a customer who was put on hold by the other one still is, nothing says; this agent was never muted.
        self.state.held = self.state.held.filter(|held| !held);
        self.state.muted = Some(false);
        (self.consulted, self.departure) = (None, None);
    }

    /// A third party has left.
    pub(super) fn third_left(&mut self, number: &PhoneNumber) {
        let third = self.thirds.iter_mut().find(|(known, ..)| known.is_same_number(number));
        if let Some((_, state, _)) = third {
            *state = ParticipantState::Left;
        }
        self.consulted.take_if(|asked| asked.number.is_same_number(number));
        let transfer = &mut self.state.transfer;
        let is_of_transfer = transfer.number.as_ref().is_some_and(|to| to.is_same_number(number));
        if is_of_transfer && transfer.is_open() {
            transfer.step = TransferStep::Cancelled;
        }
    }

    /// An agent was offered the call and did not take it. The leg goes on if it is that of the agent who has it.
    pub(super) fn dropped(&mut self, agent: &AgentId, leg: Option<Ucid>, at: i64) {
        if !(self.is_others(agent) && self.is_own_leg(leg)) {
            self.legs.ended(leg, at);
        }
    }

    /// A leg has ended: this agent's, where one is named. The part of who has just handed the call on is not that of the
    /// colleague who has it on a leg of the same id.
    pub(super) fn leg_over(&mut self, agent: Option<&AgentId>, leg: Option<Ucid>, at: i64) {
        if !(self.is_end_of_part(agent, at) && self.is_own_leg(leg)) {
            self.legs.ended(leg, at);
        }
    }

    /// Whether what ends with this agent is the part of one who has just handed the call on.
    pub(super) fn is_end_of_part(&self, agent: Option<&AgentId>, at: i64) -> bool {
        let others = agent.filter(|agent| self.is_others(agent));
        let ended_ms = others.and_then(|agent| self.handed_on.ended_ms(agent));
        ended_ms.is_some_and(|ended| at.saturating_sub(ended) < AT_ONCE_MS)
    }

    /// Whether a leg is, or may be, that of the agent who has it.
    fn is_own_leg(&self, leg: Option<Ucid>) -> bool {
        let own = self.answered_by.as_ref().and_then(|has| self.rung_on.of(has));
        leg.is_none_or(|leg| own.is_none_or(|own| own == leg))
    }
}
