//! The calls of agents and customers, and the index of every id that stands for one.

mod call;
mod events;
mod summary;

use std::collections::BTreeMap;

pub use call::{
    CONNECTION_LOST, CallIds, CallStage, ConferenceParty, Direction, DispositionRequest, Leg,
    LegKind, PhoneCall, RecordingSegment, Transfer, WrapUp,
};
pub(crate) use events::CallAction;

use super::context::Context;
use super::ids::{CallKey, LegNo, UcidGenerator, parse_ucid};
use super::time::Timestamp;
use call::CallPlan;

/// Ended calls beyond this number are forgotten, oldest first.
const KEPT: usize = 100_000;
/// Room above the number of calls kept, so that forgetting is rare.
const KEPT_WITH_SLACK: usize = KEPT + 1000;
/// Waiting calls are among the newest ones: a queue limit bounds their age.
const WAITING_LOOKED_AT: usize = 5_000;

/// All calls, in order of creation.
#[derive(Clone, Debug)]
pub struct Calls {
    by_key: BTreeMap<CallKey, PhoneCall>,
    /// Every id that stands for a call: its own and those of its legs.
    index: BTreeMap<u64, CallKey>,
    /// Legs whose rows cannot be read before a time.
    withheld: BTreeMap<u64, Timestamp>,
    ucids: UcidGenerator,
    made: u64,
}

impl Calls {
    pub(super) fn new(ucids: UcidGenerator) -> Self {
        Self {
            by_key: BTreeMap::new(),
            index: BTreeMap::new(),
            withheld: BTreeMap::new(),
            ucids,
            made: 0,
        }
    }

    /// The calls in order of creation.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &PhoneCall> {
        self.by_key.values()
    }

    /// The call an id stands for: its own or one of a leg.
    pub fn by_ucid(&self, ucid: u64) -> Option<&PhoneCall> {
        self.get(self.key_of(ucid)?)
    }

    /// The call an id in text form stands for.
    pub fn by_text(&self, ucid: &str) -> Option<&PhoneCall> {
        self.by_ucid(parse_ucid(ucid)?)
    }

    pub(super) fn get(&self, key: CallKey) -> Option<&PhoneCall> {
        self.by_key.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: CallKey) -> Option<&mut PhoneCall> {
        self.by_key.get_mut(&key)
    }

    pub(super) fn key_of(&self, ucid: u64) -> Option<CallKey> {
        self.index.get(&ucid).copied()
    }

    pub(super) fn by_ucid_mut(&mut self, ucid: u64) -> Option<&mut PhoneCall> {
        self.get_mut(self.key_of(ucid)?)
    }

    /// The call, if it is in this stage.
    pub(super) fn in_stage(&mut self, key: CallKey, stage: CallStage) -> Option<&mut PhoneCall> {
        self.get_mut(key).filter(|call| call.stage == stage)
    }

    pub(super) fn is_live(&self, key: CallKey) -> bool {
        self.get(key).is_some_and(PhoneCall::live)
    }

    pub(super) fn leg_mut(&mut self, key: CallKey, no: LegNo) -> Option<&mut Leg> {
        self.get_mut(key)?.legs.get_mut(no)
    }

    fn leg_of_ucid(&mut self, ucid: u64) -> Option<&mut Leg> {
        self.by_ucid_mut(ucid)?.legs.iter_mut().find(|leg| leg.ucid == ucid)
    }

    /// A new outbound call; it is not known before it is added.
    pub(super) fn new_outbound(
        &mut self,
        cx: &mut Context,
        number_exists: bool,
        traffic: bool,
    ) -> PhoneCall {
        let ucid = self.ucids.outbound(cx.second(), &self.index);
        let plan = draw_plan(cx, number_exists, false);
        let ids = CallIds { ucid, monitor_ucid: ucid };
        let mut call = PhoneCall::new(self.next_key(), Direction::Outbound, ids, cx.now);
        call.plan = plan;
        if traffic {
            call.plan = draw_plan(cx, true, true);
            call.traffic = true;
        }
        call
    }

    /// A new inbound call; it is not known before it is added.
    pub(super) fn new_inbound(&mut self, cx: &mut Context, traffic: bool) -> PhoneCall {
        let monitor_ucid = self.new_inbound_ucid(cx);
        let ucid = UcidGenerator::leg(monitor_ucid, &mut cx.rng, &self.index);
        let plan = draw_plan(cx, true, traffic);
        let ids = CallIds { ucid, monitor_ucid };
        let mut call = PhoneCall::new(self.next_key(), Direction::Inbound, ids, cx.now);
        (call.plan, call.traffic) = (plan, traffic);
        call
    }

    /// An id for an inbound call.
    pub(super) fn new_inbound_ucid(&self, cx: &mut Context) -> u64 {
        self.ucids.inbound(cx.second(), &mut cx.rng, &self.index)
    }

    fn next_key(&mut self) -> CallKey {
        self.made += 1;
        CallKey(self.made)
    }

    /// Gives the next leg of a call an id of its own.
    pub(super) fn next_leg_ucid(&mut self, cx: &mut Context, key: CallKey) {
        let Some(call) = self.by_key.get_mut(&key) else { return };
        let ucid = UcidGenerator::leg(call.monitor, &mut cx.rng, &self.index);
        call.next_ucid = ucid;
        self.index.insert(ucid, key);
    }

    pub(super) fn add(&mut self, call: PhoneCall) {
        if self.by_key.len() >= KEPT_WITH_SLACK {
            self.forget_old();
        }
        self.index.insert(call.monitor, call.key);
        self.index.insert(call.next_ucid, call.key);
        self.by_key.insert(call.key, call);
    }

    fn forget_old(&mut self) {
        let surplus = self.by_key.len().saturating_sub(KEPT);
        let old: Vec<CallKey> =
            self.iter().filter(|c| !c.live()).take(surplus).map(|c| c.key).collect();
        for key in &old {
            self.by_key.remove(key);
        }
        self.index.retain(|_, key| self.by_key.contains_key(key));
        self.withheld.retain(|ucid, _| self.index.contains_key(ucid));
    }

    /// The calls that wait for an agent, oldest first.
    pub(super) fn waiting(&self) -> Vec<CallKey> {
        let newest = self.iter().rev().take(WAITING_LOOKED_AT);
        let mut keys: Vec<CallKey> =
            newest.filter(|c| c.stage == CallStage::Queued).map(|c| c.key).collect();
        keys.reverse();
        keys
    }

    /// Ends the after-call work of a leg, if it is still going on.
    pub(super) fn end_wrap_up(&mut self, (key, no): (CallKey, LegNo), now: i64) {
        if let Some(leg) = self.leg_mut(key, no) {
            leg.end_wrap_up(now);
        }
    }

    /// Pushes what happened to a call to the subscriber of call events.
    pub(super) fn announce(&self, cx: &mut Context, key: CallKey, action: CallAction) {
        if let Some(call) = self.get(key) {
            events::push(cx, call, action);
        }
    }

    /// Keeps a leg's row out of the CDR for a while: a row that turns up late. False when no leg has
    /// the id.
    pub fn withhold_row(&mut self, ucid: u64, until: Timestamp) -> bool {
        let known = self.leg_of_ucid(ucid).is_some();
        if known {
            self.withheld.insert(ucid, until);
        }
        known
    }

    /// Whether a leg's row is kept out of the CDR.
    pub(super) fn is_withheld(&self, ucid: u64, now: Timestamp) -> bool {
        self.withheld.get(&ucid).is_some_and(|until| now < *until)
    }

    /// Replaces a leg's remark, however long ago it ended: a row that changes late. False when no leg
    /// has the id.
    pub fn annotate(&mut self, ucid: u64, comments: &str) -> bool {
        let leg = self.leg_of_ucid(ucid);
        leg.map(|leg| comments.clone_into(&mut leg.comments)).is_some()
    }
}

/// Draws how the telephones of a new call will behave.
pub(super) fn draw_plan(cx: &mut Context, number_exists: bool, traffic: bool) -> CallPlan {
    let traffic = cx.setup.traffic.as_ref().filter(|_| traffic);
    let rate = traffic
        .map_or(cx.setup.behaviour.customer_answer_rate, |traffic| traffic.customer_answer_rate);
    let talk = traffic.map(|t| t.talk).or(cx.setup.behaviour.talk);
    CallPlan {
        number_exists,
        customer_answers: cx.chance(rate),
        talk: talk.map(|range| cx.between(range)),
        agent_hangs_up: cx.chance(0.5),
    }
}
