//! The life of a call: an agent's telephone rings, is picked up, the customer's rings, people
//! talk, one of them hangs up.

use super::Switch;
use crate::world::agents::AgentState;
use crate::world::calls::{
    CallAction, CallStage, Direction, Leg, LegKind, RecordingSegment, WrapUp,
};
use crate::world::context::Context;
use crate::world::event_log::EventKind;
use crate::world::ids::{CallKey, LegNo};
use crate::world::timers::Timer;

impl Switch {
    /// Rings an agent. The agent must be free.
    pub(super) fn ring_agent(&mut self, cx: &mut Context, key: CallKey, agent_id: &str) {
        let Some(agent) = self.agents.get(agent_id) else { return };
        let phone = agent.phone().to_owned();
        let Some(call) = self.calls.get_mut(key) else { return };
        let mut leg = Leg::new(call.next_ucid, LegKind::Agent, cx.second());
        leg.agent = Some(agent_id.to_owned());
        let ucids = (leg.ucid, call.monitor);
        let outside = self.phones_outside.contains(&phone);
        leg.phone = phone;
        call.legs.push(leg);
        call.stage = CallStage::AgentRinging;
        call.tried.push(agent_id.to_owned());
        let (no, traffic) = (call.legs.len() - 1, call.traffic);
        let inbound = call.direction == Direction::Inbound;
        let state = if inbound { AgentState::Busy } else { AgentState::Dialing };
        self.agents.ring(cx, agent_id, (key, ucids), state);
        self.calls.announce(cx, key, CallAction::Calling);
        if outside {
            cx.later(cx.setup.behaviour.ring_limit, Timer::AgentMisses(key, no));
        } else if !cx.setup.manual {
            let rate = if traffic { 1.0 } else { cx.setup.behaviour.agent_answer_rate };
            if cx.chance(rate) {
                cx.later(cx.setup.behaviour.agent_answer, Timer::AgentAnswers(key, no));
            } else {
                cx.later(cx.setup.behaviour.ring_limit, Timer::AgentMisses(key, no));
            }
        }
    }

    /// The agent's telephone is picked up.
    pub(super) fn agent_picks_up(&mut self, cx: &mut Context, key: CallKey, no: LegNo) {
        let now = cx.second();
        let Some(call) = self.calls.in_stage(key, CallStage::AgentRinging) else { return };
        if call.legs.len() != no + 1 {
            return;
        }
        let (monitor, inbound) = (call.monitor, call.direction == Direction::Inbound);
        let Some(leg) = call.legs.get_mut(no) else { return };
        leg.agent_up = Some(now);
        leg.agent_status = "answered";
        let (agent, ucids) = (leg.agent.clone(), Some((leg.ucid, monitor)));
        if inbound {
            cx.note(EventKind::AgentAnswered, agent.as_deref(), ucids);
            self.connect(cx, key);
            return;
        }
        leg.customer_rang = Some(now);
        call.stage = CallStage::CustomerRinging;
        let (plan, outside) = (call.plan, self.phones_outside.contains(&call.caller));
        for kind in [EventKind::AgentAnswered, EventKind::CustomerRinging] {
            cx.note(kind, agent.as_deref(), ucids);
        }
        let behaviour = &cx.setup.behaviour;
        let (after, timer) = match (outside, plan.number_exists, plan.customer_answers) {
            (true, _, _) | (false, true, false) => {
                (behaviour.ring_limit, Timer::CustomerMisses(key))
            }
            (false, false, _) => (behaviour.customer_answer, Timer::NumberFails(key)),
            (false, true, true) => (behaviour.customer_answer, Timer::CustomerAnswers(key)),
        };
        if outside || !cx.setup.manual {
            cx.later(after, timer);
        }
    }

    pub(super) fn customer_picks_up(&mut self, cx: &mut Context, key: CallKey) {
        if self.calls.in_stage(key, CallStage::CustomerRinging).is_some() {
            self.connect(cx, key);
        }
    }

    /// Agent and customer can talk from now on.
    fn connect(&mut self, cx: &mut Context, key: CallKey) {
        let now = cx.second();
        let Some(call) = self.calls.get_mut(key) else { return };
        call.stage = CallStage::Talking;
        call.recording.push(RecordingSegment { from: now, to: None });
        let (plan, limit, monitor) = (call.plan, call.call_limit, call.monitor);
        let Some(leg) = call.legs.last_mut() else { return };
        leg.pickup = Some(now);
        leg.dial_status = "answered";
        leg.customer_status = "answered";
        let (agent, ucids) = (leg.agent.clone(), Some((leg.ucid, monitor)));
        if let Some(id) = &agent {
            self.agents.talk(cx, id);
        }
        cx.note(EventKind::Answered, agent.as_deref(), ucids);
        self.calls.announce(cx, key, CallAction::Answered);
        if let Some(talk) = plan.talk.filter(|_| !cx.setup.manual) {
            cx.later(talk, Timer::TalkEnds(key, plan.agent_hangs_up));
        }
        if let Some(limit) = limit {
            cx.later(limit, Timer::CallLimit(key));
        }
    }

    pub(super) fn hang_up_talk(&mut self, cx: &mut Context, key: CallKey, by: &'static str) {
        if self.calls.in_stage(key, CallStage::Talking).is_some() {
            self.end_call(cx, key, by);
        }
    }

    /// The agent's telephone was not picked up.
    pub(super) fn agent_fails(
        &mut self,
        cx: &mut Context,
        key: CallKey,
        no: LegNo,
        status: &'static str,
    ) {
        let Some(call) = self.calls.in_stage(key, CallStage::AgentRinging) else { return };
        if call.legs.len() != no + 1 {
            return;
        }
        if call.direction == Direction::Inbound {
            call.set_status("not_answered", status, "");
            self.end_leg(cx, key, "SystemHangup");
            self.calls.next_leg_ucid(cx, key);
            self.route(cx, key);
        } else {
            call.set_status(status, status, "NotDialed");
            self.end_call(cx, key, "SystemHangup");
        }
    }

    /// The customer did not take the call, or could not be reached.
    pub(super) fn customer_fails(&mut self, cx: &mut Context, key: CallKey, status: &'static str) {
        let Some(call) = self.calls.in_stage(key, CallStage::CustomerRinging) else { return };
        if let Some(leg) = call.legs.last_mut() {
            leg.customer_status = status;
            leg.dial_status = if status == "Busy" { "NormalUnspecified" } else { status };
        }
        self.end_call(cx, key, "UserHangup");
    }

    /// Ends the whole call.
    pub(crate) fn end_call(&mut self, cx: &mut Context, key: CallKey, by: &'static str) {
        self.end_leg(cx, key, by);
        self.free_parties(cx, key);
        let Some(call) = self.calls.get_mut(key) else { return };
        let was_live = call.live();
        call.end(cx.second());
        if was_live {
            self.calls.announce(cx, key, CallAction::Disconnect);
        }
        self.call_back_if_done(cx, key);
        self.ended.push((key, by));
    }

    /// Ends the leg that rings or talks, if one does, and frees its agent.
    pub(super) fn end_leg(&mut self, cx: &mut Context, key: CallKey, by: &'static str) {
        let Some((no, end)) = self.close_leg(cx, key, by) else { return };
        let Some(leg) = self.calls.leg_mut(key, no) else { return };
        let (answered, agent_id) = (leg.answered(), leg.agent.clone());
        if let Some(agent) = agent_id.as_ref().and_then(|id| self.agents.get_mut(id)) {
            agent.call = None;
        }
        if answered && agent_id.is_some() {
            self.wrap_up_begins(cx, (key, no), end);
        } else if let Some(id) = agent_id {
            self.apply_queued((key, no));
            self.release(cx, &id, end);
        }
    }

    /// Ends the leg of an agent who is on the call with another telephone too: the agent stays on it, and
    /// has no work after this leg.
    pub(super) fn end_leg_of_who_stays(
        &mut self,
        cx: &mut Context,
        key: CallKey,
        by: &'static str,
    ) {
        let Some((no, end)) = self.close_leg(cx, key, by) else { return };
        let Some(leg) = self.calls.leg_mut(key, no) else { return };
        if leg.answered() {
            leg.wrap_up = Some(WrapUp { start: end, end: Some(end) });
        }
        self.apply_queued((key, no));
    }

    /// Writes the end of the leg that rings or talks. Its number and the second.
    fn close_leg(
        &mut self,
        cx: &mut Context,
        key: CallKey,
        by: &'static str,
    ) -> Option<(LegNo, i64)> {
        let now = cx.second();
        let call = self.calls.get_mut(key)?;
        let (no, _) = call.current_leg()?;
        let (held, monitor) = (call.held_since.take(), call.monitor);
        let leg = call.legs.get_mut(no)?;
        let end = leg.end_at(now);
        leg.ended = Some(end);
        leg.hangup_by = by;
        leg.lost = None;
        if let Some(from) = held {
            leg.add_hold(from, end);
        }
        cx.note(EventKind::Ended, leg.agent.as_deref(), Some((leg.ucid, monitor)));
        Some((no, end))
    }
}
