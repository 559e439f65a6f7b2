//! Calls from customers: who is rung, and who waits.

use super::Switch;
use crate::world::agents::Agent;
use crate::world::calls::{CallAction, CallIds, CallStage, Leg, LegKind, PhoneCall};
use crate::world::context::Context;
use crate::world::ids::CallKey;
use crate::world::setup::CampaignKind;
use crate::world::timers::Timer;

impl Switch {
    /// A customer calls a DID: agents are rung. `None` when it belongs to no campaign.
    pub(crate) fn arrive(
        &mut self,
        cx: &mut Context,
        (did, caller): (&str, &str),
        skill: Option<&str>,
        traffic: bool,
    ) -> Option<CallIds> {
        let campaign = self.campaigns.of_did(did)?;
        let mut call = self.calls.new_inbound(cx, traffic);
        call.campaign.clone_from(&campaign.name);
        call.offline = campaign.kind == CampaignKind::Offline;
        skill.unwrap_or(&campaign.skill).clone_into(&mut call.skill);
        did.clone_into(&mut call.did);
        caller.trim().clone_into(&mut call.caller);
        Some(self.take_in(cx, call))
    }

    /// A caller whom an application hands to a skill. `None` when no one has it.
    pub(crate) fn arrive_from_application(
        &mut self,
        cx: &mut Context,
        (did, caller): (&str, &str),
        skill: &str,
        uui: &str,
    ) -> Option<CallKey> {
        let campaign = self.campaigns.of_kind(CampaignKind::Inbound)?;
        if !self.has_skill(skill) {
            return None;
        }
        let mut call = self.calls.new_inbound(cx, false);
        call.campaign.clone_from(&campaign.name);
        skill.clone_into(&mut call.skill);
        did.clone_into(&mut call.did);
        caller.trim().clone_into(&mut call.caller);
        uui.clone_into(&mut call.uui);
        let key = call.key;
        self.take_in(cx, call);
        Some(key)
    }

    /// Lets a new call wait, or ring at once.
    fn take_in(&mut self, cx: &mut Context, call: PhoneCall) -> CallIds {
        let key = call.key;
        let ids = CallIds { ucid: call.next_ucid, monitor_ucid: call.monitor };
        let waits = self.next_agent(cx, &call).is_none();
        self.calls.add(call);
        if waits {
            self.calls.announce(cx, key, CallAction::Calling);
        }
        self.route(cx, key);
        ids
    }

    /// Rings the next agent, or lets the caller wait, or hangs up when no one could ever answer.
    pub(super) fn route(&mut self, cx: &mut Context, key: CallKey) {
        let Some(call) = self.calls.get(key) else { return };
        if let Some(agent) = self.next_agent(cx, call) {
            self.ring_agent(cx, key, &agent);
            return;
        }
        let fresh = call.legs.is_empty();
        if fresh && !self.can_be_served(call) {
            self.turn_away(cx, key);
            return;
        }
        if let Some(call) = self.calls.get_mut(key) {
            call.stage = CallStage::Queued;
        }
        cx.later(cx.setup.behaviour.queue_limit, Timer::QueueEnds(key));
    }

    /// Whether anyone is signed in who might take the call.
    fn can_be_served(&self, call: &PhoneCall) -> bool {
        self.agents.iter().any(|a| {
            a.login.is_some()
                && a.setup.mode.takes_inbound()
                && a.setup.skills.contains(&call.skill)
        })
    }

    /// The agent who waits longest among those who may take the call; traffic calls ring traffic
    /// agents only, other calls ring them last.
    fn next_agent(&self, cx: &Context, call: &PhoneCall) -> Option<String> {
        let of_traffic =
            |a: &Agent| cx.setup.traffic.as_ref().is_some_and(|t| t.agents.contains(&a.setup.id));
        let fits = |a: &Agent| {
            a.is_free()
                && a.setup.mode.takes_inbound()
                && a.setup.skills.contains(&call.skill)
                && !call.tried.contains(&a.setup.id)
                && (!call.traffic || of_traffic(a))
        };
        self.agents.longest_ready(fits, of_traffic)
    }

    /// Rings agents for those of the waiting callers who can be served now.
    pub(super) fn route_waiting(&mut self, cx: &mut Context) {
        for key in self.calls.waiting() {
            let call = self.calls.get(key).filter(|c| c.stage == CallStage::Queued);
            if let Some(agent) = call.and_then(|c| self.next_agent(cx, c)) {
                self.ring_agent(cx, key, &agent);
            }
        }
    }

    /// No one of the skill is signed in: a queue leg and a disconnect leg within a second.
    fn turn_away(&mut self, cx: &mut Context, key: CallKey) {
        let now = cx.second();
        let Some(call) = self.calls.get_mut(key) else { return };
        call.add_queue_leg("InvalidAgent", "", now);
        self.calls.next_leg_ucid(cx, key);
        if let Some(call) = self.calls.get_mut(key) {
            let mut leg = Leg::new(call.next_ucid, LegKind::Disconnect, now);
            leg.ended = Some(now);
            leg.hangup_by = "SystemHangup";
            call.legs.push(leg);
        }
        self.end_call(cx, key, "SystemHangup");
    }

    /// The caller has waited long enough. Field notes have one word for the limit, and another for a queue
    /// that no agent is left in.
    pub(super) fn queue_ends(&mut self, cx: &mut Context, key: CallKey) {
        let served = self.calls.get(key).is_some_and(|call| self.can_be_served(call));
        let (status, by) = if served { ("QTimeExceeded", "SystemHangup") } else { ("error", "") };
        if let Some(call) = self.calls.in_stage(key, CallStage::Queued) {
            call.add_queue_leg(status, by, cx.second());
            self.end_call(cx, key, by);
        }
    }
}
