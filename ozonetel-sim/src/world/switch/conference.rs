//! Third parties of a call: a number outside or a colleague's extension is rung into it. When the agent
//! leaves, one of them stays with the customer: the call has been transferred, and whoever stayed is its
//! next leg.

use super::Switch;
use crate::world::agents::AgentState;
use crate::world::calls::{
    CONNECTION_LOST, CallStage, ConferenceParty, Leg, LegKind, PhoneCall, Transfer,
};
use crate::world::context::Context;
use crate::world::event_log::EventKind;
use crate::world::ids::{CallKey, LegNo, PartyNo};
use crate::world::numbers::number_exists;
use crate::world::setup::{AfterLoss, ConferenceUcid};
use crate::world::timers::Timer;

impl Switch {
    /// Rings a number into a call. Where the number is an agent's extension, the agent is rung.
    pub(super) fn add_party(&mut self, cx: &mut Context, key: CallKey, number: &str) {
        let Some(call) = self.calls.get(key) else { return };
        let of_call = call.ucid();
        self.calls.next_leg_ucid(cx, key);
        let agent = self.agents.of_extension(number).map(|agent| agent.setup.id.clone());
        let taken = agent.as_deref().is_some_and(|id| self.is_taken(id, key));
        let now = cx.second();
        let Some(call) = self.calls.get_mut(key) else { return };
        let ucid = call.next_ucid;
        let announced = match cx.setup.behaviour.conference_ucid {
            ConferenceUcid::Call => of_call,
            ConferenceUcid::Leg => ucid,
        };
        let mut party = ConferenceParty::new(number, (ucid, announced), now);
        if taken {
            (party.left, party.failure) = (Some(now), "Busy");
        } else {
            party.agent.clone_from(&agent);
        }
        call.parties.push(party);
        let (no, monitor) = (call.parties.len() - 1, call.monitor);
        match agent {
            _ if taken => {}
            None => ring_outside(cx, (key, no), number),
            Some(id) => self.ring_party(cx, &id, (key, no), (ucid, monitor)),
        }
    }

    /// Whether an agent is on another call, or on this one with a telephone that works.
    fn is_taken(&self, id: &str, key: CallKey) -> bool {
        match self.agents.get(id).and_then(|agent| agent.call) {
            None => false,
            Some(other) if other != key => true,
            Some(_) => {
                let leg = self.calls.get(key).and_then(PhoneCall::current_leg);
                !leg.is_some_and(|(_, leg)| leg.agent.as_deref() == Some(id) && leg.lost.is_some())
            }
        }
    }

    /// Rings an agent's telephone for a call that others are on.
    fn ring_party(
        &mut self,
        cx: &mut Context,
        id: &str,
        (key, no): (CallKey, PartyNo),
        ucids: (u64, u64),
    ) {
        self.stop_wrap_up(cx, id);
        let outside =
            self.agents.get(id).is_some_and(|agent| self.phones_outside.contains(agent.phone()));
        self.agents.ring(cx, id, (key, ucids), AgentState::Busy);
        if outside {
            cx.later(cx.setup.behaviour.ring_limit, Timer::PartyMisses(key, no));
        } else if !cx.setup.manual {
            if cx.chance(cx.setup.behaviour.agent_answer_rate) {
                cx.later(cx.setup.behaviour.agent_answer, Timer::PartyAnswers(key, no));
            } else {
                cx.later(cx.setup.behaviour.ring_limit, Timer::PartyMisses(key, no));
            }
        }
    }

    /// A third party has picked up.
    pub(super) fn party_joins(&mut self, cx: &mut Context, key: CallKey, no: PartyNo) {
        let now = cx.second();
        let Some(call) = self.calls.in_stage(key, CallStage::Talking) else { return };
        let monitor = call.monitor;
        let Some(party) = call.parties.get_mut(no) else { return };
        if party.joined.is_some() || (party.left.is_some() && party.leg.is_none()) {
            return;
        }
        party.joined = Some(now);
        let (agent, ucid, leg) = (party.agent.clone(), party.ucid, party.leg);
        if let Some(leg) = leg {
            if call.current_leg().is_none_or(|(current, _)| current != leg) {
                return;
            }
            answered(call.legs.get_mut(leg), now);
        }
        let current = call.current_leg().map(|(_, leg)| leg);
        if let Some(id) = &agent
            && leg.is_none()
            && current.is_some_and(|l| l.lost.is_some() && l.agent.as_ref() == Some(id))
        {
            // The agent is back on another telephone: the one that was lost is not waited for.
            self.end_leg_of_who_stays(cx, key, CONNECTION_LOST);
        }
        if let Some(id) = &agent {
            self.agents.talk(cx, id);
            for kind in [EventKind::AgentAnswered, EventKind::Answered] {
                cx.note(kind, Some(id), Some((ucid, monitor)));
            }
        }
        if leg.is_some() {
            return;
        }
        self.take_over_if_alone(cx, key, no);
    }

    /// With no leg left, a party becomes the call's next one.
    fn take_over_if_alone(&mut self, cx: &Context, key: CallKey, no: PartyNo) {
        let Some(call) = self.calls.get_mut(key) else { return };
        if call.current_leg().is_some() {
            return;
        }
        let last = call.legs.iter().filter_map(|leg| leg.ended).max();
        let now = cx.second().max(last.unwrap_or(i64::MIN));
        let next = call.legs.len();
        let Some(party) = call.parties.get_mut(no) else { return };
        let mut leg = Leg::new(party.ucid, LegKind::Agent, now);
        leg.announced = party.announced;
        leg.agent.clone_from(&party.agent);
        leg.phone.clone_from(&party.number);
        leg.lost = party.lost.take();
        let joined = party.joined.is_some();
        party.left = Some(now);
        party.leg = Some(next);
        call.legs.push(leg);
        call.held_since = None;
        if joined {
            answered(call.legs.last_mut(), now);
        }
    }

    /// A third party did not pick up, or left.
    pub(super) fn party_leaves(
        &mut self,
        cx: &mut Context,
        (key, no): (CallKey, PartyNo),
        failure: &'static str,
    ) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let monitor = call.monitor;
        let Some(party) = call.parties.get_mut(no) else { return };
        if let Some(leg) = party.leg {
            return self.transferred_fails(cx, (key, leg), failure);
        }
        if party.left.is_some() {
            return;
        }
        party.left = Some(cx.second());
        party.failure = failure;
        let (agent, ucid) = (party.agent.clone(), party.ucid);
        if let Some(id) = agent {
            self.free_party(cx, &id, key, (ucid, monitor));
        }
        self.end_if_no_one_is_left(cx, key);
    }

    /// Whoever the customer was handed to did not pick up: the call is over.
    fn transferred_fails(
        &mut self,
        cx: &mut Context,
        (key, no): (CallKey, LegNo),
        status: &'static str,
    ) {
        let Some(call) = self.calls.in_stage(key, CallStage::Talking) else { return };
        let current = call.current_leg().is_some_and(|(now, leg)| now == no && !leg.answered());
        if current && !status.is_empty() {
            call.set_status(status, status, "");
            self.end_call(cx, key, "SystemHangup");
        }
    }

    /// A call whose customer was handed to a party ends with the last party; one whose agent only lost
    /// the telephone waits for the agent.
    fn end_if_no_one_is_left(&mut self, cx: &mut Context, key: CallKey) {
        let Some(call) = self.calls.get(key).filter(|call| call.is_alone()) else { return };
        let lost = call.legs.last().is_some_and(|leg| leg.hangup_by == CONNECTION_LOST);
        if lost && cx.setup.behaviour.after_loss == AfterLoss::Hold {
            self.wait_alone(cx, key);
        } else {
            self.end_call(cx, key, "SystemHangup");
        }
    }

    /// The customer waits alone, for a while.
    fn wait_alone(&mut self, cx: &mut Context, key: CallKey) {
        let now = cx.second();
        if let Some(call) = self.calls.get_mut(key) {
            call.held_since = Some(now);
            cx.later(cx.setup.behaviour.held_limit, Timer::HeldTooLong(key, now));
        }
    }

    /// The customer has waited alone for long enough.
    pub(super) fn held_too_long(&mut self, cx: &mut Context, key: CallKey, since: i64) {
        let call = self.calls.get(key);
        if call.is_some_and(|call| call.is_alone() && call.held_since == Some(since)) {
            self.end_call(cx, key, "UserHangup");
        }
    }

    /// The agent goes, or is gone. With a third party on the line or rung, the customer stays with that
    /// one; a customer whose agent lost the telephone waits, unless the setting says otherwise.
    pub(super) fn agent_leaves(&mut self, cx: &mut Context, key: CallKey, by: &'static str) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let Some((leg, current)) = call.current_leg() else { return };
        let (lost, agent) = (current.lost.is_some(), current.agent.clone());
        let by = if lost { CONNECTION_LOST } else { by };
        let expected = |p: &ConferenceParty| p.expected();
        let joined = call.parties.iter().position(|p| p.expected() && p.joined.is_some());
        let stays = joined.or_else(|| call.parties.iter().position(expected));
        if let Some(no) = stays {
            let same =
                agent.is_some() && call.parties.iter().any(|p| p.expected() && p.agent == agent);
            if !lost && let Some(party) = call.parties.get(no) {
                let transfer = Transfer { warm: joined.is_some(), to: party.number.clone() };
                if let Some(leg) = call.legs.get_mut(leg) {
                    leg.transfer = Some(transfer);
                }
            }
            if same {
                self.end_leg_of_who_stays(cx, key, by);
            } else {
                self.end_leg(cx, key, by);
            }
            self.take_over_if_alone(cx, key, no);
        } else if lost && cx.setup.behaviour.after_loss == AfterLoss::Hold {
            self.end_leg(cx, key, by);
            self.wait_alone(cx, key);
        } else {
            self.end_call(cx, key, by);
        }
    }

    /// Frees the agents who were called into a call that ends, but are no leg of it.
    pub(super) fn free_parties(&mut self, cx: &mut Context, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let (monitor, now) = (call.monitor, cx.second());
        let mut free = Vec::new();
        for party in call.parties.iter_mut().filter(|party| party.expected()) {
            party.left = Some(now);
            free.extend(party.agent.clone().map(|agent| (agent, party.ucid)));
        }
        for (id, ucid) in free {
            self.free_party(cx, &id, key, (ucid, monitor));
        }
    }

    /// Frees an agent who was called into a call and is no leg of it.
    fn free_party(&mut self, cx: &mut Context, id: &str, key: CallKey, ucids: (u64, u64)) {
        cx.note(EventKind::Ended, Some(id), Some(ucids));
        let leg = self.calls.get(key).and_then(PhoneCall::current_leg);
        if leg.is_some_and(|(_, leg)| leg.agent.as_deref() == Some(id)) {
            // The same agent's other telephone, which was lost.
            return;
        }
        self.agents.set_call(id, None);
        self.release(cx, id, cx.second());
    }
}

/// Rings a third party outside: it does as a customer does.
fn ring_outside(cx: &mut Context, (key, no): (CallKey, PartyNo), number: &str) {
    if cx.setup.manual {
        return;
    }
    let (exists, answers) =
        (number_exists(number), cx.chance(cx.setup.behaviour.customer_answer_rate));
    let behaviour = &cx.setup.behaviour;
    let (after, timer) = match (exists, answers) {
        (false, _) => (behaviour.customer_answer, Timer::PartyFails(key, no)),
        (true, true) => (behaviour.customer_answer, Timer::PartyAnswers(key, no)),
        (true, false) => (behaviour.ring_limit, Timer::PartyMisses(key, no)),
    };
    cx.later(after, timer);
}

/// A leg that took the call over talks from now on.
fn answered(leg: Option<&mut Leg>, now: i64) {
    let Some(leg) = leg else { return };
    let at = now.max(leg.started);
    leg.agent_up = Some(at);
    leg.pickup = Some(at);
    leg.dial_status = "answered";
    leg.agent_status = "answered";
    leg.customer_status = "answered";
}
