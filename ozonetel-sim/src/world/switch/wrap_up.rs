//! After-call work: it begins with the end of an answered leg, and ends by a disposition, by the
//! agent, or by the limit.

use std::time::Duration;

use super::Switch;
use crate::world::calls::WrapUp;
use crate::world::context::Context;
use crate::world::ids::{CallKey, LegNo};
use crate::world::timers::Timer;

impl Switch {
    pub(super) fn wrap_up_begins(
        &mut self,
        cx: &mut Context,
        (key, no): (CallKey, LegNo),
        end: i64,
    ) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let traffic = call.traffic;
        let Some(leg) = call.legs.get_mut(no) else { return };
        leg.wrap_up = Some(WrapUp { start: end, end: None });
        let Some(id) = leg.agent.clone() else { return };
        if !self.agents.wrap_up(cx, &id, (key, no), end) {
            self.calls.end_wrap_up((key, no), end);
            self.apply_queued((key, no));
            return;
        }
        if self.apply_queued((key, no)) {
            self.finish_wrap_up(cx, &id);
            return;
        }
        let limit = Duration::from_secs(u64::from(cx.setup.wrap_up_limit_s));
        cx.later(limit, Timer::WrapUpEnds(key, no));
        let range = cx.setup.traffic.as_ref().filter(|_| traffic).map(|t| t.wrap_up);
        if let Some(range) = range {
            let after = cx.between(range);
            cx.later(after, Timer::TrafficDisposes(key, no));
        }
    }

    /// Wrap-up has lasted too long: the service disposes of the call itself.
    pub(super) fn wrap_up_ends(&mut self, cx: &mut Context, key: CallKey, no: LegNo) {
        let limit = cx.setup.wrap_up_limit_s;
        let Some(leg) = self.calls.leg_mut(key, no) else { return };
        if leg.wrap_up.is_none_or(|w| w.end.is_some()) {
            return;
        }
        if leg.disposition.is_none() {
            leg.disposition = Some(format!("Wrap up time exceeded :{limit}"));
        }
        if let Some(id) = leg.agent.clone() {
            self.finish_wrap_up(cx, &id);
        }
    }

    /// Ends an agent's after-call work now, whatever is still missing.
    pub(super) fn finish_wrap_up(&mut self, cx: &mut Context, agent_id: &str) {
        if self.stop_wrap_up(cx, agent_id) {
            self.release(cx, agent_id, cx.second());
        }
    }

    /// Ends an agent's after-call work, and leaves the agent's state. False when there was none.
    pub(super) fn stop_wrap_up(&mut self, cx: &mut Context, agent_id: &str) -> bool {
        let wrapping = self.agents.get_mut(agent_id).and_then(|a| a.wrapping.take());
        if let Some(leg) = wrapping {
            self.end_wrap_up(cx, leg);
        }
        wrapping.is_some()
    }

    pub(super) fn end_wrap_up(&mut self, cx: &mut Context, leg: (CallKey, LegNo)) {
        self.calls.end_wrap_up(leg, cx.second());
        self.call_back_if_done(cx, leg.0);
    }

    /// Makes an agent ready, or lets the break begin that was asked for; a waiting caller may be connected.
    pub(super) fn release(&mut self, cx: &mut Context, agent_id: &str, second: i64) {
        if self.agents.release(cx, agent_id, second) {
            self.route_waiting(cx);
        }
    }
}
