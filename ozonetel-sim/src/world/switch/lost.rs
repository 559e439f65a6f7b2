//! Softphones that lose their connection or cannot be rung: a call outlives its telephone for a while.

use super::{LegSide, Switch};
use crate::world::calls::{CONNECTION_LOST, CallStage, PhoneCall};
use crate::world::context::Context;
use crate::world::ids::{CallKey, LegNo, LostPhone, PartyNo};
use crate::world::time::Timestamp;
use crate::world::timers::Timer;

/// Why a softphone could not be rung, or a ring ended without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegFailure {
    /// A message to it cannot be written, for this reason.
    Unwritable(String),
    /// Its connection broke while it rang.
    ConnectionBroke,
}

impl LegFailure {
    /// The word in the reports: two that occur in rows of the service.
    fn status(&self) -> &'static str {
        match self {
            Self::Unwritable(_) => "ProtocolError",
            Self::ConnectionBroke => "NetworkOutOfOrder",
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Unwritable(reason) => reason.clone(),
            Self::ConnectionBroke => "the connection broke while it rang".to_owned(),
        }
    }
}

impl Switch {
    /// The call and the telephone that an id and a side stand for: a leg that has not ended, a party, or
    /// the customer.
    fn telephone(&self, ucid: u64, side: LegSide) -> Option<(CallKey, LostPhone)> {
        let key = self.calls.key_of(ucid)?;
        let call = self.calls.get(key).filter(|call| call.live())?;
        if side == LegSide::Customer {
            return Some((key, LostPhone::Customer));
        }
        let leg = call.legs.iter().position(|leg| leg.ucid == ucid && leg.ended.is_none());
        let party = || call.parties.iter().position(|p| p.ucid == ucid && p.expected());
        let phone = leg.map(LostPhone::Leg).or_else(|| party().map(LostPhone::Party));
        phone.map(|phone| (key, phone))
    }

    fn lost_since(call: &mut PhoneCall, phone: LostPhone) -> Option<&mut Option<Timestamp>> {
        match phone {
            LostPhone::Customer => Some(&mut call.customer_lost),
            LostPhone::Leg(no) => call.legs.get_mut(no).map(|leg| &mut leg.lost),
            LostPhone::Party(no) => call.parties.get_mut(no).map(|party| &mut party.lost),
        }
    }

    /// The softphone of a leg that is up has lost its connection: it has a while to come back.
    pub(crate) fn softphone_lost(&mut self, cx: &mut Context, ucid: u64, side: LegSide) {
        let Some((key, phone)) = self.telephone(ucid, side) else { return };
        let Some(call) = self.calls.get_mut(key) else { return };
        let now = cx.now;
        if let Some(since) = Self::lost_since(call, phone) {
            *since = Some(now);
            let timer = Timer::SoftphoneGone(key, phone, now);
            cx.later(cx.setup.behaviour.reconnect, timer);
        }
    }

    /// The softphone of a leg is back.
    pub(crate) fn softphone_back(&mut self, ucid: u64, side: LegSide) {
        let Some((key, phone)) = self.telephone(ucid, side) else { return };
        let call = self.calls.get_mut(key);
        if let Some(since) = call.and_then(|call| Self::lost_since(call, phone)) {
            *since = None;
        }
    }

    /// A softphone has not come back in time.
    pub(super) fn softphone_gone(
        &mut self,
        cx: &mut Context,
        key: CallKey,
        phone: LostPhone,
        lost: Timestamp,
    ) {
        let Some(call) = self.calls.get_mut(key).filter(|call| call.live()) else { return };
        let phone = match phone {
            LostPhone::Party(no) => match call.parties.get(no).and_then(|party| party.leg) {
                Some(leg) => LostPhone::Leg(leg),
                None => phone,
            },
            other => other,
        };
        if Self::lost_since(call, phone).is_none_or(|since| *since != Some(lost)) {
            return;
        }
        match phone {
            LostPhone::Customer => self.customer_leaves(cx, key),
            LostPhone::Party(no) => self.party_leaves(cx, (key, no), CONNECTION_LOST),
            LostPhone::Leg(no) => self.agent_gone(cx, (key, no)),
        }
    }

    /// An agent has lost the telephone for good.
    fn agent_gone(&mut self, cx: &mut Context, (key, no): (CallKey, LegNo)) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let current = call.current_leg().filter(|(current, _)| *current == no);
        let Some((_, leg)) = current else { return };
        let (agent, stage) = (leg.agent.clone(), call.stage);
        let up = matches!(stage, CallStage::CustomerRinging | CallStage::Talking);
        if let Some(id) = agent.filter(|_| up) {
            self.agents.phone_lost(cx, &id);
        }
        let Some(call) = self.calls.get_mut(key) else { return };
        match stage {
            CallStage::CustomerRinging => {
                call.set_status("agent_disconnect", "answered", "not_answered");
                self.end_call(cx, key, CONNECTION_LOST);
            }
            CallStage::Talking => self.agent_leaves(cx, key, CONNECTION_LOST),
            CallStage::Queued | CallStage::AgentRinging | CallStage::Ended => {}
        }
    }

    /// A softphone cannot be rung, or stopped ringing without an answer. False when no such leg rings.
    pub(crate) fn ring_fails(
        &mut self,
        cx: &mut Context,
        ucid: u64,
        side: LegSide,
        failure: &LegFailure,
    ) -> bool {
        let Some((key, phone)) = self.telephone(ucid, side) else { return false };
        let Some(call) = self.calls.get_mut(key) else { return false };
        let status = failure.status();
        match phone {
            LostPhone::Customer => {
                if call.stage != CallStage::CustomerRinging {
                    return false;
                }
                if let Some(leg) = call.legs.last_mut() {
                    leg.reason = failure.reason();
                }
                self.customer_fails(cx, key, status);
            }
            LostPhone::Leg(no) => {
                let Some(leg) = call.legs.get_mut(no).filter(|leg| leg.agent_up.is_none()) else {
                    return false;
                };
                leg.reason = failure.reason();
                let party = call.parties.iter().position(|party| party.leg == Some(no));
                match party {
                    Some(party) => self.party_leaves(cx, (key, party), status),
                    None => self.agent_fails(cx, key, no, status),
                }
            }
            LostPhone::Party(no) => self.party_fails(cx, (key, no), failure),
        }
        true
    }

    fn party_fails(
        &mut self,
        cx: &mut Context,
        (key, no): (CallKey, PartyNo),
        failure: &LegFailure,
    ) {
        let call = self.calls.get_mut(key);
        if let Some(party) = call.and_then(|call| call.parties.get_mut(no)) {
            party.reason = failure.reason();
        }
        self.party_leaves(cx, (key, no), failure.status());
    }
}
