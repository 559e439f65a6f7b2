//! The life of a call: an agent's telephone rings, is picked up, the customer's rings, people
//! talk, somebody hangs up, after-call work follows.

use super::agents::AgentState;
use super::calls::{CallKey, Direction, LegKind, LegNo, PartyNo, Segment, Stage, WrapUp};
use super::event_push::{AgentWord, CallWord};
use super::events::EventKind;
use super::timers::Timer;
use super::{Leg, PhoneCall, World};

impl World {
    pub(super) fn add_call(&mut self, call: PhoneCall) {
        if self.calls.len() >= CALLS_KEPT_WITH_SLACK {
            self.forget_old_calls();
        }
        self.known.insert(call.monitor, call.key);
        self.known.insert(call.next_ucid, call.key);
        self.calls.insert(call.key, call);
    }

    fn forget_old_calls(&mut self) {
        let surplus = self.calls.len().saturating_sub(super::CALLS_KEPT);
        let old: Vec<CallKey> =
            self.calls.values().filter(|c| !c.live()).take(surplus).map(|c| c.key).collect();
        for key in &old {
            self.calls.remove(key);
        }
        self.known.retain(|_, key| self.calls.contains_key(key));
        self.withheld.retain(|ucid, _| self.known.contains_key(ucid));
    }

    /// Rings an agent. The agent must be free.
    pub(super) fn ring_agent(&mut self, key: CallKey, agent_id: &str) {
        let (now, zone) = (self.now.second(), self.setup.zone);
        let Some(agent) = self.agents.get_mut(agent_id) else { return };
        let Some(call) = self.calls.get_mut(&key) else { return };
        let mut leg = Leg::new(call.next_ucid, LegKind::Agent, now);
        leg.agent = Some(agent_id.to_owned());
        agent.phone().clone_into(&mut leg.phone);
        let ucids = (leg.ucid, call.monitor);
        call.legs.push(leg);
        call.stage = Stage::AgentRinging;
        call.tried.push(agent_id.to_owned());
        let (no, traffic) = (call.legs.len() - 1, call.traffic);
        agent.call = Some(key);
        if agent.state == AgentState::Paused {
            agent.pause_next = agent.pause_reason.clone();
        }
        if agent.login.is_some() {
            let inbound = call.direction == Direction::Inbound;
            let state = if inbound { AgentState::Busy } else { AgentState::Dialing };
            agent.enter(state, now, zone);
            let word = EventKind::AgentState(state.word());
            self.events.push(self.now, word, Some(agent_id), Some(ucids));
        }
        let (outside, there) = (self.phones_outside.contains(agent.phone()), agent.login.is_some());
        self.events.push(self.now, EventKind::AgentRinging, Some(agent_id), Some(ucids));
        if there {
            self.tell_agent(agent_id, AgentWord::Calling);
        }
        self.tell_call(key, CallWord::Calling);
        if outside {
            self.later(self.setup.behaviour.ring_limit, Timer::AgentMisses(key, no));
        } else if !self.setup.manual {
            let rate = if traffic { 1.0 } else { self.setup.behaviour.agent_answer_rate };
            if self.chance(rate) {
                self.later(self.setup.behaviour.agent_answer, Timer::AgentAnswers(key, no));
            } else {
                self.later(self.setup.behaviour.ring_limit, Timer::AgentMisses(key, no));
            }
        }
    }

    /// The agent's telephone is picked up.
    pub(super) fn agent_picks_up(&mut self, key: CallKey, no: LegNo) {
        let now = self.now.second();
        let manual = self.setup.manual;
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.stage != Stage::AgentRinging || call.legs.len() != no + 1 {
            return;
        }
        let monitor = call.monitor;
        let Some(leg) = call.legs.get_mut(no) else { return };
        leg.agent_up = Some(now);
        leg.agent_status = "answered";
        let (agent, ucid) = (leg.agent.clone(), leg.ucid);
        if call.direction == Direction::Inbound {
            self.events.push(
                self.now,
                EventKind::AgentAnswered,
                agent.as_deref(),
                Some((ucid, monitor)),
            );
            self.connect(key);
            return;
        }
        leg.customer_rang = Some(now);
        call.stage = Stage::CustomerRinging;
        let (plan, outside) = (call.plan, self.phones_outside.contains(&call.caller));
        for kind in [EventKind::AgentAnswered, EventKind::CustomerRinging] {
            self.events.push(self.now, kind, agent.as_deref(), Some((ucid, monitor)));
        }
        if outside {
            self.later(self.setup.behaviour.ring_limit, Timer::CustomerMisses(key));
            return;
        }
        if manual {
            return;
        }
        let behaviour = &self.setup.behaviour;
        let (after, timer) = match (plan.number_exists, plan.customer_answers) {
            (false, _) => (behaviour.customer_answer, Timer::NumberFails(key)),
            (true, true) => (behaviour.customer_answer, Timer::CustomerAnswers(key)),
            (true, false) => (behaviour.ring_limit, Timer::CustomerMisses(key)),
        };
        self.later(after, timer);
    }

    pub(super) fn customer_picks_up(&mut self, key: CallKey) {
        if self.calls.get(&key).is_some_and(|c| c.stage == Stage::CustomerRinging) {
            self.connect(key);
        }
    }

    /// Agent and customer can talk from now on.
    fn connect(&mut self, key: CallKey) {
        let (now, zone) = (self.now.second(), self.setup.zone);
        let Some(call) = self.calls.get_mut(&key) else { return };
        call.stage = Stage::Talking;
        call.recording.push(Segment { from: now, to: None });
        let (plan, limit, monitor) = (call.plan, call.call_limit, call.monitor);
        let Some(leg) = call.legs.last_mut() else { return };
        leg.pickup = Some(now);
        leg.dial_status = "answered";
        leg.customer_status = "answered";
        let (agent_id, ucid) = (leg.agent.clone(), leg.ucid);
        let agent = agent_id.as_ref().and_then(|id| self.agents.get_mut(id));
        if let Some(agent) = agent.filter(|a| a.login.is_some()) {
            agent.enter(AgentState::Busy, now, zone);
            let id = agent.setup.id.clone();
            self.tell_agent(&id, AgentWord::InCall);
        }
        let ucids = Some((ucid, monitor));
        self.events.push(self.now, EventKind::Answered, agent_id.as_deref(), ucids);
        self.tell_call(key, CallWord::Answered);
        if let Some(talk) = plan.talk.filter(|_| !self.setup.manual) {
            self.later(talk, Timer::TalkEnds(key, plan.agent_hangs_up));
        }
        if let Some(limit) = limit {
            self.later(limit, Timer::CallLimit(key));
        }
    }

    pub(super) fn hang_up_talk(&mut self, key: CallKey, by: &'static str) {
        if self.calls.get(&key).is_some_and(|c| c.stage == Stage::Talking) {
            self.end_call(key, by);
        }
    }

    /// The agent's telephone rang in vain.
    pub(super) fn agent_fails(&mut self, key: CallKey, no: LegNo, status: &'static str) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.stage != Stage::AgentRinging || call.legs.len() != no + 1 {
            return;
        }
        let inbound = call.direction == Direction::Inbound;
        if let Some(leg) = call.legs.get_mut(no) {
            leg.dial_status = if inbound { "not_answered" } else { status };
            leg.agent_status = status;
            leg.customer_status = if inbound { "" } else { "NotDialed" };
        }
        if inbound {
            self.end_leg(key, "SystemHangup");
            self.next_leg_ucid(key);
            self.route(key);
        } else {
            self.end_call(key, "SystemHangup");
        }
    }

    /// The customer did not take the call, or could not be reached.
    pub(super) fn customer_fails(&mut self, key: CallKey, status: &'static str) {
        let Some(call) = self.calls.get_mut(&key) else { return };
        if call.stage != Stage::CustomerRinging {
            return;
        }
        if let Some(leg) = call.legs.last_mut() {
            leg.customer_status = status;
            leg.dial_status = if status == "Busy" { "NormalUnspecified" } else { status };
        }
        self.end_call(key, "UserHangup");
    }

    pub(super) fn party_joins(&mut self, key: CallKey, no: PartyNo) {
        let now = self.now.second();
        let Some(call) = self.calls.get_mut(&key).filter(|c| c.stage == Stage::Talking) else {
            return;
        };
        if let Some(party) = call.parties.get_mut(no).filter(|p| p.left.is_none()) {
            party.joined.get_or_insert(now);
        }
    }

    /// Ends the whole call.
    pub(super) fn end_call(&mut self, key: CallKey, by: &'static str) {
        let had_leg = self.calls.get(&key).is_some_and(|c| c.current_leg().is_some());
        if had_leg {
            self.end_leg(key, by);
        }
        let now = self.now.second();
        let Some(call) = self.calls.get_mut(&key) else { return };
        let was_live = call.live();
        let end = call.legs.iter().filter_map(|l| l.ended).max().unwrap_or(now).max(now);
        call.stage = Stage::Ended;
        call.ended = Some(end);
        call.held_since = None;
        close_recording(call, end);
        for party in &mut call.parties {
            party.left.get_or_insert(end);
        }
        if was_live {
            self.tell_call(key, CallWord::Disconnect);
        }
        self.settle(key);
        self.ivr_follows(key, by);
    }

    /// Ends the leg that rings or talks, and frees its agent.
    pub(super) fn end_leg(&mut self, key: CallKey, by: &'static str) {
        let now = self.now.second();
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some((no, _)) = call.current_leg() else { return };
        let (held, monitor) = (call.held_since.take(), call.monitor);
        let Some(leg) = call.legs.get_mut(no) else { return };
        let end = leg.end_at(now);
        leg.ended = Some(end);
        leg.hangup_by = by;
        leg.held_s += held.map_or(0, |from| end - from);
        let (answered, agent_id, ucid) = (leg.answered(), leg.agent.clone(), leg.ucid);
        let ucids = Some((ucid, monitor));
        self.events.push(self.now, EventKind::Ended, agent_id.as_deref(), ucids);
        if let Some(agent) = agent_id.as_ref().and_then(|id| self.agents.get_mut(id)) {
            agent.call = None;
        }
        if answered {
            self.wrap_up_begins(key, no, end);
        } else if let Some(id) = agent_id {
            self.apply_queued(key, no);
            self.release(&id, end);
        }
    }

    fn wrap_up_begins(&mut self, key: CallKey, no: LegNo, end: i64) {
        let zone = self.setup.zone;
        let Some(call) = self.calls.get_mut(&key) else { return };
        let traffic = call.traffic;
        let Some(leg) = call.legs.get_mut(no) else { return };
        leg.wrap_up = Some(WrapUp { start: end, end: None });
        let Some(id) = leg.agent.clone() else { return };
        let Some(agent) = self.agents.get_mut(&id).filter(|a| a.login.is_some()) else {
            leg.wrap_up = Some(WrapUp { start: end, end: Some(end) });
            self.apply_queued(key, no);
            return;
        };
        agent.wrapping = Some((key, no));
        agent.enter(AgentState::Acw, end, zone);
        let word = EventKind::AgentState(AgentState::Acw.word());
        self.events.push(self.now, word, Some(&id), None);
        self.tell_agent(&id, AgentWord::Acw);
        let done = self.apply_queued(key, no);
        if done {
            self.finish_wrap_up(&id);
            return;
        }
        let limit = std::time::Duration::from_secs(u64::from(self.setup.wrap_up_limit_s));
        self.later(limit, Timer::WrapUpEnds(key, no));
        if let Some(traffic) = self.setup.traffic.as_ref().filter(|_| traffic) {
            let after = self.between(traffic.wrap_up);
            self.later(after, Timer::TrafficDisposes(key, no));
        }
    }

    /// Wrap-up has lasted too long: the service disposes of the call itself.
    pub(super) fn wrap_up_ends(&mut self, key: CallKey, no: LegNo) {
        let limit = self.setup.wrap_up_limit_s;
        let Some(call) = self.calls.get_mut(&key) else { return };
        let Some(leg) = call.legs.get_mut(no) else { return };
        if leg.wrap_up.is_none_or(|w| w.end.is_some()) {
            return;
        }
        if leg.disposition.is_none() {
            leg.disposition = Some(format!("Wrap up time exceeded :{limit}"));
        }
        if let Some(id) = leg.agent.clone() {
            self.finish_wrap_up(&id);
        }
    }

    /// Ends an agent's after-call work now, whatever is still missing.
    pub(super) fn finish_wrap_up(&mut self, agent_id: &str) {
        let now = self.now.second();
        let Some(agent) = self.agents.get_mut(agent_id) else { return };
        let Some((key, no)) = agent.wrapping.take() else { return };
        let leg = self.calls.get_mut(&key).and_then(|c| c.legs.get_mut(no));
        if let Some(wrap) = leg.and_then(|l| l.wrap_up.as_mut()) {
            wrap.end.get_or_insert(now.max(wrap.start));
        }
        self.settle(key);
        self.release(agent_id, now);
    }

    /// Makes an agent ready, or lets the break begin that was asked for.
    pub(super) fn release(&mut self, agent_id: &str, second: i64) {
        let zone = self.setup.zone;
        let Some(agent) = self.agents.get_mut(agent_id).filter(|a| a.login.is_some()) else {
            return;
        };
        if agent.call.is_some() {
            return;
        }
        let pause = agent.pause_next.take();
        let told = match (&pause, agent.state) {
            (Some(_), _) => AgentWord::Pause,
            (None, AgentState::Paused) => AgentWord::Release,
            (None, _) => AgentWord::Ready,
        };
        let state = if pause.is_some() { AgentState::Paused } else { AgentState::Ready };
        agent.enter(state, second, zone);
        agent.pause_reason = pause;
        agent.ready_since = self.now;
        let word = EventKind::AgentState(state.word());
        self.events.push(self.now, word, Some(agent_id), None);
        self.tell_agent(agent_id, told);
        if state == AgentState::Ready {
            self.route_waiting();
        }
    }
}

/// Room above the number of calls kept, so that forgetting is rare.
const CALLS_KEPT_WITH_SLACK: usize = super::CALLS_KEPT + 1000;

/// Closes the stretch being recorded.
pub(super) fn close_recording(call: &mut PhoneCall, end: i64) {
    if let Some(open) = call.recording.last_mut().filter(|s| s.to.is_none()) {
        open.to = Some(end.max(open.from));
    }
}
